/* operators.c - times the float32 kernels of Conv, Gemm and MatMul on shapes that small nets have: best of
   several runs, in 10^9 multiply-accumulates a second. One thread; CPU time, so that other programs matter
   less. */
#include "interpreter/interpreter.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define ROUND_SECONDS 0.02

typedef struct Case {
  const char *label, *op;
  Shape data, weight;
  int64_t pads, stride, group;
} Case;

#define IMAGE(c, h, w)                                                                                       \
  {                                                                                                          \
    4, {                                                                                                     \
      1, c, h, w                                                                                             \
    }                                                                                                        \
  }
#define FILTER(o, c, k)                                                                                      \
  {                                                                                                          \
    4, {                                                                                                     \
      o, c, k, k                                                                                             \
    }                                                                                                        \
  }

static const Case cases[] = {
    {"3x3   3->16  32x32", "Conv", IMAGE(3, 32, 32), FILTER(16, 3, 3), 1, 1, 1},
    {"3x3  16->16  32x32", "Conv", IMAGE(16, 32, 32), FILTER(16, 16, 3), 1, 1, 1},
    {"3x3  16->32  s2   ", "Conv", IMAGE(16, 32, 32), FILTER(32, 16, 3), 1, 2, 1},
    {"3x3  32->32  16x16", "Conv", IMAGE(32, 16, 16), FILTER(32, 32, 3), 1, 1, 1},
    {"3x3  64->64   8x8 ", "Conv", IMAGE(64, 8, 8), FILTER(64, 64, 3), 1, 1, 1},
    {"3x3  64->64  56x56", "Conv", IMAGE(64, 56, 56), FILTER(64, 64, 3), 1, 1, 1},
    {"7x7   3->64  224  ", "Conv", IMAGE(3, 224, 224), FILTER(64, 3, 7), 3, 2, 1},
    {"1x1  16->64  32x32", "Conv", IMAGE(16, 32, 32), FILTER(64, 16, 1), 0, 1, 1},
    {"1x1  64->128 24x24", "Conv", IMAGE(64, 24, 24), FILTER(128, 64, 1), 0, 1, 1},
    {"1x1 256->256  3x3 ", "Conv", IMAGE(256, 3, 3), FILTER(256, 256, 1), 0, 1, 1},
    {"dw 3x3 64  48x48  ", "Conv", IMAGE(64, 48, 48), FILTER(64, 1, 3), 1, 1, 64},
    {"dw 3x3 64  48x48s2", "Conv", IMAGE(64, 48, 48), FILTER(64, 1, 3), 1, 2, 64},
    {"dw 3x3 128  6x6   ", "Conv", IMAGE(128, 6, 6), FILTER(128, 1, 3), 1, 1, 128},
    {"3x3  1->32  28x28 ", "Conv", IMAGE(1, 28, 28), FILTER(32, 1, 3), 1, 1, 1},
    {"Gemm 1x640 x 128  ", "Gemm", {2, {1, 640}}, {2, {640, 128}}, 0, 0, 0},
    {"Gemm 1x4096 x 1000", "Gemm", {2, {1, 4096}}, {2, {4096, 1000}}, 0, 0, 0},
    {"MatMul 64x64x64   ", "MatMul", {2, {64, 64}}, {2, {64, 64}}, 0, 0, 0},
    {"MatMul 256x256x256", "MatMul", {2, {256, 256}}, {2, {256, 256}}, 0, 0, 0},
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static Tensor *random_tensor(Graph *graph, const Shape *shape, Error *err) {
  Random random = {1};
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_FLOAT32, shape, err);
  for (int64_t i = 0; tensor != NULL && i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, random_normal(&random));
  return tensor;
}

static Status set_attributes(Graph *graph, Node *node, const Case *c, Error *err) {
  if (c->stride == 0) return OK;
  int64_t pads[4] = {c->pads, c->pads, c->pads, c->pads}, strides[2] = {c->stride, c->stride};
  TRY(node_set_ints(graph, node, "pads", pads, 4, err));
  TRY(node_set_ints(graph, node, "strides", strides, 2, err));
  return node_set_int(graph, node, "group", c->group, err);
}

/* A graph of the one node. */
static Status build(Graph *graph, const Case *c, Tensor **data, Error *err) {
  *data = random_tensor(graph, &c->data, err);
  Tensor *weight = random_tensor(graph, &c->weight, err);
  if (*data == NULL || weight == NULL) return err->status;
  graph->opsets = arena_new(&graph->arena, 1, sizeof *graph->opsets, err);
  if (graph->opsets == NULL) return err->status;
  graph->opsets[0] = (Opset){.domain = "", .version = 22};
  graph->opset_count = 1;
  Value *x = graph_add_input(graph, "x", ELEMENT_FLOAT32, &c->data, err);
  Value *w = graph_add_constant(graph, "w", weight, err);
  Value *y = graph_add_value(graph, "y", err);
  if (x == NULL || w == NULL || y == NULL) return err->status;
  Node *node = graph_add_node(graph, "node", "", c->op, (Value *[]){x, w}, 2, (Value *[]){y}, 1, err);
  if (node == NULL) return err->status;
  TRY(set_attributes(graph, node, c, err));
  TRY(graph_add_output(graph, y, err));
  TRY(graph_refresh(graph, err));
  TRY(op_bind_graph(graph, err));
  return op_infer_graph(graph, err);
}

/* Best seconds of one run. */
static Status measure(Runner *runner, const Tensor *data, double *best, Error *err) {
  *best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds_now(), elapsed;
    int runs = 0;
    do {
      TRY(runner_run(runner, &data, NULL, err));
      runs++;
      elapsed = seconds_now() - start;
    } while (elapsed < ROUND_SECONDS);
    if (elapsed / runs < *best) *best = elapsed / runs;
  }
  return OK;
}

static Status time_case(const Case *c, Error *err) {
  Graph *graph = graph_new(err);
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  Tensor *data;
  double best;
  if (graph == NULL) return err->status;
  Status status = build(graph, c, &data, err);
  if (status == OK) status = interpreter_new(&interpreter, graph, err);
  if (status == OK) status = runner_new(&runner, interpreter, err);
  if (status == OK) status = measure(runner, data, &best, err);
  if (status == OK) {
    const Node *node = graph->nodes[0];
    double macs = (double)node->op->cost(node).macs;
    printf("%-20s %10.1f us  %6.1f GMAC/s\n", c->label, best * 1e6, macs / best * 1e-9);
  }
  runner_free(runner);
  interpreter_free(interpreter);
  graph_free(graph);
  return status;
}

int main(void) {
  openblas_set_num_threads(1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Error err = {0};
    if (time_case(&cases[i], &err) != OK) {
      fprintf(stderr, "%s: %s\n", cases[i].label, err.text);
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
