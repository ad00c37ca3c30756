#include "cmd/explain_side.h"

#include "formats/edge/edge_parts.h"
#include "formats/edge/edge_steps.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

Status explain_side_open(ExplainSide *side, const char *path, Error *err) {
  *side = (ExplainSide){0};
  return runnable_open(&side->model, path, err);
}

void explain_side_close(ExplainSide *side) {
  runnable_close(&side->model);
  arena_free(&side->arena);
}

/* ---- names ---- */

static int by_name(const void *a, const void *b) {
  const LayerName *left = a, *right = b;
  int order = strcmp(left->name, right->name);
  return order != 0 ? order : left->layer - right->layer;
}

static Status index_names(ExplainSide *side, Error *err) {
  side->names = arena_new(&side->arena, (size_t)side->count + 1, sizeof *side->names, err);
  if (side->names == NULL) return err->status;
  for (int l = 0; l < side->count; l++) side->names[l] = (LayerName){side->layers[l].name, l};
  qsort(side->names, (size_t)side->count, sizeof *side->names, by_name);
  return OK;
}

int explain_find(const ExplainSide *side, const char *name) {
  int low = 0, high = side->count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (strcmp(side->names[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < side->count && strcmp(side->names[low].name, name) == 0 ? side->names[low].layer : -1;
}

/* Text that is built for one layer moves to the side's arena. */
static const char *keep_text(ExplainSide *side, Text *text, Error *err) {
  const char *copy = text->failed ? NULL : arena_text(&side->arena, text->length > 0 ? text->bytes : "", err);
  text_free(text);
  return copy;
}

/* ---- .edge ---- */

static const char *type_name(uint8_t type) {
  switch ((EdgeType)type) {
#define X(name, number, size, text)                                                                          \
  case EDGE_##name:                                                                                          \
    return text;
    EDGE_TYPES(X)
#undef X
  }
  return "?";
}

static const char *edge_shape(ExplainSide *side, const EdgeTensor *tensor, Error *err) {
  Text text = {0};
  text_add(&text, "[");
  for (int d = 0; d < tensor->rank; d++) text_add(&text, "%s%u", d > 0 ? "," : "", tensor->dims[d]);
  text_add(&text, "]");
  return keep_text(side, &text, err);
}

static Status end_layer(ExplainSide *side, const EdgeStep *step, Text *operations, Error *err) {
  ExplainLayer *layer = &side->layers[side->count++];
  layer->name = step->layer;
  layer->operations = keep_text(side, operations, err);
  layer->type = type_name(step->result->type);
  layer->shape = edge_shape(side, step->result, err);
  layer->scale = (double)step->result->scale;
  layer->zero_point = step->result->scale != 0 ? step->result->zero_point : 0;
  layer->weight_type = layer->weight_shape = "";
  return layer->operations == NULL || layer->shape == NULL ? fail_memory(err) : OK;
}

static Status walk_layers(ExplainSide *side, Error *err) {
  const EdgeModel *model = &side->model.file.model;
  Text operations = {0};
  EdgeStep step = {.layer = ""};
  int64_t macs = 0;
  for (EdgeWalk walk = edge_walk(model); edge_walk_next(&walk, &step);) {
    text_add(&operations, "%s%s", operations.length > 0 ? "+" : "", step.opcode);
    macs += step.macs;
    side->macs += step.macs;
    if (step.layer[0] == '\0') continue;
    side->layers[side->count].macs = macs;
    TRY(end_layer(side, &step, &operations, err)); /* takes the text */
    macs = 0;
  }
  text_free(&operations);
  return OK;
}

/* The first constant of a product is its weight. */
static Status add_constant(ExplainSide *side, ExplainLayer *layer, const EdgeConstant *constant, Error *err) {
  layer->bytes += constant->bytes;
  layer->constants_crc = (uint32_t)crc32_z(layer->constants_crc, constant->data, (size_t)constant->bytes);
  if (layer->weight_type[0] != '\0') return OK;
  layer->weight_type = type_name(constant->tensor->type);
  layer->weight_shape = edge_shape(side, constant->tensor, err);
  return layer->weight_shape == NULL ? fail_memory(err) : OK;
}

static Status add_constants(ExplainSide *side, Error *err) {
  EdgeConstants constants;
  TRY(edge_constants(&constants, &side->model.file.model, &side->arena, err));
  for (int i = 0; i < constants.count; i++) {
    const EdgeConstant *constant = &constants.constants[i];
    int l = explain_find(side, constant->layer);
    side->constants += constant->bytes;
    if (l >= 0) TRY(add_constant(side, &side->layers[l], constant, err));
  }
  return OK;
}

Status explain_edge_layers(ExplainSide *side, Error *err) {
  uint32_t count = side->model.file.model.instruction_count;
  side->layers = arena_new(&side->arena, (size_t)count + 1, sizeof *side->layers, err);
  if (side->layers == NULL) return err->status;
  TRY(walk_layers(side, err));
  TRY(index_names(side, err));
  return add_constants(side, err);
}

/* ---- ONNX ---- */

/* The tensor of `like` into which a node's result goes: its own, or the next one downstream; -1: none. */
static int layer_of(const Node *node, const ExplainSide *like) {
  for (int steps = 0; node != NULL && steps < 64; steps++) {
    const Value *value = node->output_count > 0 ? node->outputs[0] : NULL;
    if (value == NULL) return -1;
    int found = explain_find(like, value->name);
    if (found >= 0) return found;
    node = value->user_count > 0 ? value->users[0] : NULL;
  }
  return -1;
}

static int64_t constant_bytes(const Node *node) {
  int64_t bytes = 0;
  for (int i = 0; i < node->input_count; i++)
    if (node_constant(node, i) != NULL && element_is_float(node->inputs[i]->type))
      bytes += (int64_t)tensor_bytes(node->inputs[i]->constant);
  return bytes;
}

static Status onnx_weight(ExplainSide *side, ExplainLayer *layer, const Node *node, Error *err) {
  const Tensor *weight = node->input_count > 1 ? node_constant(node, 1) : NULL;
  if (weight == NULL || layer->weight_type[0] != '\0') return OK;
  Text text = {0};
  shape_print(&text, &weight->shape, NULL);
  layer->weight_type = element_name(weight->type);
  layer->weight_shape = keep_text(side, &text, err);
  return layer->weight_shape == NULL ? fail_memory(err) : OK;
}

static Status add_node(ExplainSide *side, ExplainLayer *layer, const Node *node, Error *err) {
  const Value *result = node->outputs[0];
  bool begins = layer->operations[0] == '\0';
  layer->operations =
      arena_format(&side->arena, err, "%s%s%s", layer->operations, begins ? "" : "+", node->type);
  if (layer->operations == NULL) return err->status;
  layer->bytes += constant_bytes(node);
  side->constants += constant_bytes(node);
  if (node->op->cost != NULL) layer->macs += node->op->cost(node).macs;
  TRY(onnx_weight(side, layer, node, err));
  Text shape = {0};
  shape_print(&shape, &result->shape, NULL);
  layer->type = element_name(result->type);
  layer->shape = keep_text(side, &shape, err);
  return layer->shape == NULL ? fail_memory(err) : OK;
}

/* The inputs get the shapes that the compressed file fixed. */
static Status bind_shapes(ExplainSide *side, const ExplainSide *like, Error *err) {
  Graph *graph = side->model.model.graph;
  const EdgeModel *edge = &like->model.file.model;
  for (int i = 0; i < graph->input_count && i < (int)edge_input_count(edge); i++) {
    const EdgeTensor *tensor = edge_input(edge, (uint32_t)i);
    Shape shape = {.rank = tensor->rank};
    for (int d = 0; d < tensor->rank; d++) shape.dims[d] = tensor->dims[d];
    TRY(graph_bind_input(graph, graph->inputs[i], &shape, err));
  }
  return OK;
}

Status explain_onnx_layers(ExplainSide *side, const ExplainSide *like, Error *err) {
  const Graph *graph = side->model.model.graph;
  TRY(bind_shapes(side, like, err));
  TRY(model_infer(&side->model.model, err));
  side->macs = side->model.model.macs;
  side->layers = arena_new(&side->arena, (size_t)like->count + 1, sizeof *side->layers, err);
  if (side->layers == NULL) return err->status;
  side->count = like->count;
  for (int l = 0; l < like->count; l++)
    side->layers[l] = (ExplainLayer){.name = like->layers[l].name,
                                     .operations = "",
                                     .type = "",
                                     .shape = "",
                                     .weight_type = "",
                                     .weight_shape = ""};
  TRY(index_names(side, err));
  for (int n = 0; n < graph->node_count; n++) {
    int l = layer_of(graph->nodes[n], like);
    if (l >= 0) TRY(add_node(side, &side->layers[l], graph->nodes[n], err));
  }
  return OK;
}
