/* train_step.c - how fast ONNX models train: samples a second of whole steps (forward, loss, backward,
   optimiser) on seeded noise with cross-entropy, or, without scores, reconstruction, by SGD with momentum;
   the median of several epochs, by the clock and by processor time. With --memory also the peak of the
   process, next to what a step cannot do without: what one batch computes, and four times the parameters.
   usage: train_step [--batch N] [--micro-batch N] [--threads N] [--epochs N] [--steps N] [--memory]
   MODEL.onnx... (without a model nothing is measured) */
#include "distill/distill.h"
#include "formats/onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define MOST_EPOCHS 1000
#define MOST_INPUTS 16

typedef struct Settings {
  int64_t batch, micro_batch, threads, epochs, steps;
  bool memory;
} Settings;

/* One model being trained. */
typedef struct Case {
  const Settings *settings;
  Graph *graphs[2]; /* student and twin */
  Tensor forms[MOST_INPUTS];
  Random random;
  int64_t *labels;
  double seconds[MOST_EPOCHS], processor[MOST_EPOCHS]; /* of each epoch */
  double last;                                         /* processor time when the last one ended */
  int epochs;
  int64_t activation_bytes; /* of a sample */
} Case;

/* ---- samples: noise ---- */

static Status seek(void *context, int64_t index, Error *err) {
  (void)context, (void)index, (void)err;
  return OK;
}

static Status read(void *context, int64_t count, void *const *buffers, Error *err) {
  Case *c = context;
  (void)err;
  for (int i = 0; i < c->graphs[0]->input_count; i++) {
    int64_t elements = count * tensor_elements(&c->forms[i]);
    for (int64_t j = 0; j < elements; j++) ((float *)buffers[i])[j] = (float)random_normal(&c->random);
  }
  return OK;
}

static Status make_labels(Case *c, int64_t count, Error *err) {
  const Value *output = c->graphs[0]->outputs[0];
  int64_t classes = output->has_shape && output->shape.rank == 2 ? output->shape.dims[1] : 1;
  c->labels = calloc((size_t)count, sizeof *c->labels);
  if (c->labels == NULL) return fail_memory(err);
  for (int64_t i = 0; i < count; i++)
    c->labels[i] = (int64_t)random_below(&c->random, classes > 0 ? (uint64_t)classes : 1);
  return OK;
}

/* ---- models ---- */

/* The type and shape of one sample of each input; unknown dimensions are taken as 1. */
static Status take_forms(Case *c, const Graph *graph, Error *err) {
  if (graph->input_count > MOST_INPUTS) return fail(err, UNSUPPORTED, "more than %d inputs", MOST_INPUTS);
  for (int i = 0; i < graph->input_count; i++) {
    const Value *input = graph->inputs[i];
    if (input->type != ELEMENT_FLOAT32)
      return fail(err, UNSUPPORTED, "input '%s' is not float32", input->name);
    c->forms[i] = (Tensor){.type = input->type, .shape = input->shape};
    for (int d = 0; d < input->shape.rank; d++)
      if (d == 0 || !dim_is_known(input->shape.dims[d])) c->forms[i].shape.dims[d] = 1;
  }
  return OK;
}

/* With one sample's shapes everywhere, to count what is computed. */
static Status count_activations(Case *c, Graph *graph, Error *err) {
  for (int i = 0; i < graph->input_count; i++)
    TRY(graph_bind_input(graph, graph->inputs[i], &c->forms[i].shape, err));
  TRY(op_infer_graph(graph, err));
  for (int n = 0; n < graph->node_count; n++)
    for (int o = 0; o < graph->nodes[n]->output_count && !graph->nodes[n]->op->is_alias; o++) {
      const Value *value = graph->nodes[n]->outputs[o];
      if (value == NULL || !value->has_shape || !shape_is_known(&value->shape)) continue;
      c->activation_bytes += shape_elements(&value->shape) * (int64_t)element_bytes(value->type);
    }
  return OK;
}

static Status open_graph(Case *c, const char *path, Graph **graph, Error *err) {
  TRY(onnx_read(path, graph, err));
  TRY(op_bind_graph(*graph, err));
  TRY(take_forms(c, *graph, err));
  for (int i = 0; i < (*graph)->input_count; i++) {
    Value *input = (*graph)->inputs[i];
    TRY(graph_bind_input(*graph, input, &c->forms[i].shape, err));
    input->shape.dims[0] = DIM_UNKNOWN;
  }
  return op_infer_graph(*graph, err);
}

static Status count_once(Case *c, const char *path, Error *err) {
  Graph *graph = NULL;
  Status status = onnx_read(path, &graph, err);
  if (status == OK) status = op_bind_graph(graph, err);
  if (status == OK) status = take_forms(c, graph, err);
  if (status == OK) status = count_activations(c, graph, err);
  graph_free(graph);
  return status;
}

/* ---- measuring ---- */

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void see_epoch(void *context, const TrainEpoch *epoch) {
  Case *c = context;
  double now = processor_seconds();
  c->seconds[c->epochs] = epoch->seconds;
  c->processor[c->epochs++] = now - c->last;
  c->last = now;
}

static int by_size(const void *a, const void *b) {
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* Sorts them. */
static double median(double *numbers, int count) {
  qsort(numbers, (size_t)count, sizeof *numbers, by_size);
  return numbers[count / 2];
}

static void print(Case *c, const char *path, const TrainReport *report, int64_t samples) {
  const char *slash = strrchr(path, '/');
  printf("%-24s median %9.1f samples/s, %9.1f a processor second", slash == NULL ? path : slash + 1,
         (double)samples / median(c->seconds, c->epochs), (double)samples / median(c->processor, c->epochs));
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double least = (double)(c->activation_bytes * c->settings->batch + 16 * report->parameters) / 1e6;
  double peak = (double)usage.ru_maxrss * 1024 / 1e6;
  if (c->settings->memory) printf("  peak %.1f MB of %.1f: %.2f", peak, least, peak / least);
  printf("\n");
}

static Status train(Case *c, const char *path, Pool *pool, Error *err) {
  const Settings *settings = c->settings;
  int64_t samples = settings->batch * settings->steps;
  TRY(make_labels(c, samples, err));
  SampleReader reader = {c, samples, c->graphs[0]->input_count, c->forms, seek, read};
  TrainSet set;
  TrainReport report;
  TrainOptions options = train_defaults();
  options.epochs = settings->epochs;
  options.batch = settings->batch;
  if (settings->micro_batch > 0) options.micro_batch = settings->micro_batch;
  options.optimizer.kind = OPTIMIZER_SGD;
  TrainModels models = {.student = c->graphs[0], .twin = c->graphs[1]};
  TrainWatch watch = {.epoch = see_epoch, .context = c};
  Status status = train_set_load(&set, &reader, c->labels, NULL, NULL, err);
  c->last = processor_seconds();
  if (status == OK) status = train_graph(&models, &set, NULL, &options, pool, &watch, &report, err);
  train_set_free(&set);
  if (status == OK) print(c, path, &report, samples);
  return status;
}

static Status time_model(const char *path, const Settings *settings, Error *err) {
  Case *c = calloc(1, sizeof *c);
  Pool *pool = c == NULL ? NULL : pool_new((int)settings->threads, err);
  if (pool == NULL) {
    free(c);
    return fail_memory(err);
  }
  c->settings = settings;
  c->random = (Random){1};
  Status status = count_once(c, path, err);
  for (int i = 0; i < 2 && status == OK; i++) status = open_graph(c, path, &c->graphs[i], err);
  if (status == OK) status = train(c, path, pool, err);
  for (int i = 0; i < 2; i++) graph_free(c->graphs[i]);
  pool_free(pool);
  free(c->labels);
  free(c);
  return status;
}

static int64_t *setting_of(Settings *settings, const char *name) {
  const struct {
    const char *name;
    int64_t *number;
  } numbers[] = {{"--batch", &settings->batch},
                 {"--micro-batch", &settings->micro_batch},
                 {"--threads", &settings->threads},
                 {"--epochs", &settings->epochs},
                 {"--steps", &settings->steps}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(name, numbers[i].name) == 0) return numbers[i].number;
  return NULL;
}

int main(int count, char **arguments) {
  Settings settings = {.batch = 128, .threads = 2, .epochs = 5, .steps = 4};
  for (int i = 1; i < count; i++) {
    Error err = {0};
    int64_t *number = setting_of(&settings, arguments[i]);
    if (number != NULL && i + 1 < count) {
      *number = strtol(arguments[++i], NULL, 10);
      if (settings.epochs > MOST_EPOCHS) settings.epochs = MOST_EPOCHS;
    } else if (strcmp(arguments[i], "--memory") == 0) {
      settings.memory = true;
    } else if (time_model(arguments[i], &settings, &err) != OK) {
      fprintf(stderr, "%s: %s\n", arguments[i], err.text);
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
