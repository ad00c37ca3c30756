/* interpreter.c - latency of ONNX models in the interpreter, one thread, after the passes: least wall and
   processor time of a run in milliseconds, with --layers where the time goes, by operator, and with --nodes
   node by node. On a busy machine the processor time is the one to look at. usage: interpreter [--runs N]
   [--layers] [--nodes] MODEL.onnx... (without a model nothing is measured) */
#include "interpreter/interpreter.h"
#include "formats/onnx/onnx.h"
#include "interpreter/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_KINDS 64

typedef struct Kind {
  const char *type;
  int count;
  double seconds; /* least of all runs, summed over the nodes */
} Kind;

/* Times the nodes of a run: a node ends where its first output is seen. */
typedef struct Clock {
  double *least; /* by node */
  double last;
} Clock;

typedef struct Settings {
  int runs;
  bool layers, nodes;
} Settings;

static double seconds_of(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double processor_seconds(void) {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  (void)tensor;
  (void)err;
  Clock *clock = context;
  double now = processor_seconds();
  if (value->producer != NULL && now - clock->last < clock->least[value->producer->index])
    clock->least[value->producer->index] = now - clock->last;
  clock->last = processor_seconds();
  return OK;
}

/* A tensor of the input's type, unknown dimensions taken as 1: seeded noise, or zeros for integers. */
static Tensor *make_input(Graph *graph, const Value *value, Error *err) {
  Shape shape = value->shape;
  for (int d = 0; d < shape.rank; d++)
    if (!dim_is_known(shape.dims[d])) shape.dims[d] = 1;
  Tensor *tensor = tensor_new(&graph->arena, value->type, &shape, err);
  if (tensor == NULL) return NULL;
  memset(tensor->data, 0, tensor_bytes(tensor));
  Random random = {1};
  for (int64_t i = 0; tensor->type == ELEMENT_FLOAT32 && i < tensor_elements(tensor); i++)
    ((float *)tensor->data)[i] = (float)random_normal(&random);
  return tensor;
}

static int by_time(const void *a, const void *b) {
  const Kind *x = a, *y = b;
  return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static void print_layers(const Graph *graph, const Clock *clock) {
  Kind kinds[MOST_KINDS];
  int count = 0;
  for (int n = 0; n < graph->node_count; n++) {
    int k = 0;
    while (k < count && strcmp(kinds[k].type, graph->nodes[n]->type) != 0) k++;
    if (k == MOST_KINDS) continue;
    if (k == count) kinds[count++] = (Kind){.type = graph->nodes[n]->type};
    kinds[k].count++;
    if (clock->least[n] < 1e9) kinds[k].seconds += clock->least[n];
  }
  qsort(kinds, (size_t)count, sizeof *kinds, by_time);
  for (int k = 0; k < count; k++)
    printf("  %-24s %4d  %9.3f ms\n", kinds[k].type, kinds[k].count, kinds[k].seconds * 1e3);
}

static void print_nodes(const Graph *graph, const Clock *clock) {
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    Text shape = {0};
    if (clock->least[n] >= 1e9 || node->outputs[0] == NULL) continue;
    double macs = node->op->cost == NULL ? 0 : (double)node->op->cost(node).macs;
    shape_print(&shape, &node->outputs[0]->shape, NULL);
    printf("  %-20s %-20s %9.1f us %6.1f GMAC/s  %s\n", node->type, shape.bytes, clock->least[n] * 1e6,
           macs / clock->least[n] * 1e-9, node->name);
    text_free(&shape);
  }
}

static Status measure_layers(Runner *runner, const Graph *graph, const Tensor *const *inputs,
                             const Settings *settings, Error *err) {
  Clock clock = {.least = calloc((size_t)graph->node_count + 1, sizeof *clock.least)};
  if (clock.least == NULL) return fail_memory(err);
  for (int n = 0; n < graph->node_count; n++) clock.least[n] = 1e9;
  Observer observer = {.see = see, .context = &clock};
  Status status = OK;
  for (int i = 0; i < settings->runs && status == OK; i++) {
    clock.last = processor_seconds();
    status = runner_run(runner, inputs, &observer, err);
  }
  if (status == OK && settings->layers) print_layers(graph, &clock);
  if (status == OK && settings->nodes) print_nodes(graph, &clock);
  free(clock.least);
  return status;
}

static Status measure(const char *path, Runner *runner, const Tensor *const *inputs, int runs, Error *err) {
  double wall = 1e9, processor = 1e9;
  TRY(runner_run(runner, inputs, NULL, err));
  for (int i = 0; i < runs; i++) {
    double wall_start = seconds_of(CLOCK_MONOTONIC), start = processor_seconds();
    TRY(runner_run(runner, inputs, NULL, err));
    double used = processor_seconds() - start, elapsed = seconds_of(CLOCK_MONOTONIC) - wall_start;
    processor = used < processor ? used : processor;
    wall = elapsed < wall ? elapsed : wall;
  }
  const char *slash = strrchr(path, '/');
  printf("%-32s min %9.3f ms  cpu %9.3f ms\n", slash == NULL ? path : slash + 1, wall * 1e3, processor * 1e3);
  return OK;
}

static Status prepare(Graph *graph, Error *err) {
  PassReport report;
  TRY(op_bind_graph(graph, err));
  TRY(op_infer_graph(graph, err));
  return passes_run(graph, &interpreter_pass_hooks, &report, err);
}

static Status time_graph(const char *path, Graph *graph, const Settings *settings, Error *err) {
  const Tensor *inputs[16];
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  if (graph->input_count > 16) return fail(err, UNSUPPORTED, "more than 16 inputs");
  TRY(prepare(graph, err));
  for (int i = 0; i < graph->input_count; i++)
    if ((inputs[i] = make_input(graph, graph->inputs[i], err)) == NULL) return err->status;
  Status status = interpreter_new(&interpreter, graph, err);
  if (status == OK) status = runner_new(&runner, interpreter, err);
  if (status == OK) status = measure(path, runner, inputs, settings->runs, err);
  if (status == OK && (settings->layers || settings->nodes))
    status = measure_layers(runner, graph, inputs, settings, err);
  runner_free(runner);
  interpreter_free(interpreter);
  return status;
}

static Status time_model(const char *path, const Settings *settings, Error *err) {
  Graph *graph;
  TRY(onnx_read(path, &graph, err));
  Status status = time_graph(path, graph, settings, err);
  graph_free(graph);
  return status;
}

int main(int count, char **arguments) {
  Settings settings = {.runs = 20};
  for (int i = 1; i < count; i++) {
    Error err = {0};
    if (strcmp(arguments[i], "--layers") == 0) {
      settings.layers = true;
    } else if (strcmp(arguments[i], "--nodes") == 0) {
      settings.nodes = true;
    } else if (strcmp(arguments[i], "--runs") == 0 && i + 1 < count) {
      settings.runs = atoi(arguments[++i]);
    } else if (time_model(arguments[i], &settings, &err) != OK) {
      fprintf(stderr, "%s: %s\n", arguments[i], err.text);
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
