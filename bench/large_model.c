/* large_model.c - writes an ONNX model of any size to measure with: square MatMuls with a Relu behind each.
   usage: large_model FILE.onnx [MEGABYTES [WIDTH]]     (1024 of width 4096) */
#include "formats/onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Chain {
  Graph *graph;
  Value *end;
  int64_t width;
  Random random;
} Chain;

/* Roughly normal, so scaled that a layer keeps the size of what passes through it. */
static Tensor *weights(Chain *chain, Error *err) {
  Tensor *tensor = tensor_new(&chain->graph->arena, ELEMENT_FLOAT32, &SHAPE(chain->width, chain->width), err);
  if (tensor == NULL) return NULL;
  float *to = tensor->data, unit = 2.0f / (float)chain->width;
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) {
    uint64_t bits = random_bits(&chain->random);
    float sum = 0;
    for (int k = 0; k < 4; k++) sum += (float)(bits >> (16 * k) & 0xffff) * 0x1p-16f - 0.5f;
    to[i] = sum * unit * 14.0f; /* deviation of the sum: 0.58 */
  }
  return tensor;
}

static Status add_node(Chain *chain, const char *type, Value *weight, const char *name, Error *err) {
  Value *inputs[] = {chain->end, weight}, *output = graph_add_value(chain->graph, name, err);
  if (output == NULL) return err->status;
  chain->end = output;
  Node *node = graph_add_node(chain->graph, name, "", type, inputs, weight == NULL ? 1 : 2, &output, 1, err);
  return node == NULL ? err->status : OK;
}

static Status add_layer(Chain *chain, int layer, Error *err) {
  char name[32];
  snprintf(name, sizeof name, "weight%d", layer);
  Tensor *tensor = weights(chain, err);
  Value *weight = tensor == NULL ? NULL : graph_add_constant(chain->graph, name, tensor, err);
  if (weight == NULL) return err->status;
  snprintf(name, sizeof name, "product%d", layer);
  TRY(add_node(chain, "MatMul", weight, name, err));
  snprintf(name, sizeof name, "relu%d", layer);
  return add_node(chain, "Relu", NULL, name, err);
}

static Status make(Chain *chain, int64_t layers, Error *err) {
  Graph *graph = chain->graph;
  graph->opsets = arena_new(&graph->arena, 1, sizeof *graph->opsets, err);
  if (graph->opsets == NULL) return err->status;
  graph->opsets[0] = (Opset){"", 17};
  graph->opset_count = 1;
  graph->ir_version = 8;
  graph->name = "large";
  graph->producer = "bench";
  chain->end = graph_add_input(graph, "x", ELEMENT_FLOAT32, &SHAPE(1, chain->width), err);
  if (chain->end == NULL) return err->status;
  for (int64_t layer = 0; layer < layers; layer++) TRY(add_layer(chain, (int)layer, err));
  TRY(graph_add_output(graph, chain->end, err));
  return graph_refresh(graph, err);
}

int main(int argc, char **argv) {
  Error err = {0};
  if (argc < 2) {
    puts("usage: large_model FILE.onnx [MEGABYTES [WIDTH]]");
    return 0;
  }
  int64_t megabytes = argc > 2 ? atoll(argv[2]) : 1024, width = argc > 3 ? atoll(argv[3]) : 4096;
  Chain chain = {.graph = graph_new(&err), .width = width, .random = {1}};
  int64_t layers = width > 0 ? (megabytes << 20) / (width * width * 4) : 0;
  Status status = chain.graph == NULL ? SYSTEM : make(&chain, layers < 1 ? 1 : layers, &err);
  if (status == OK) status = onnx_write(argv[1], chain.graph, &err);
  if (status != OK) fprintf(stderr, "large_model: %s\n", err.text);
  graph_free(chain.graph);
  return (int)status;
}
