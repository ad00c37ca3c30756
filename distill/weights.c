#include "distill/weights.h"

#include "distill/parameters.h"
#include "distill/projection.h"

#include <string.h>

/* A writable copy of a constant, in its place in both graphs. */
static Tensor *share(Graph *student, Value *value, Value *other, Error *err) {
  const Tensor *from = value->constant;
  Tensor *copy = tensor_new_from(&student->arena, from->type, &from->shape, from->data, err);
  if (copy != NULL) value->constant = other->constant = copy;
  return copy;
}

static Status share_weights(Weights *weights, Graph *student, Graph *twin, Error *err) {
  for (int v = 0; v < student->value_count; v++) {
    Value *value = student->values[v];
    if (value->constant == NULL || value->constant->type != ELEMENT_FLOAT32) continue;
    ParameterKind kind = parameter_kind(value);
    Value *other = graph_find_value(twin, value->name);
    if (other == NULL || kind == PARAMETER_NONE || kind == PARAMETER_RUNNING) {
      if (kind == PARAMETER_NONE) weights->frozen += tensor_elements(value->constant);
      continue;
    }
    Tensor *tensor = share(student, value, other, err);
    if (tensor == NULL) return err->status;
    int64_t count = tensor_elements(tensor);
    weights->list[weights->count++] = (Weight){.value = other,
                                               .tensor = tensor,
                                               .count = count,
                                               .is_ratio = kind == PARAMETER_RATIO,
                                               .decays = kind == PARAMETER_WEIGHT};
    weights->elements += count;
  }
  return OK;
}

/* Inputs 3 and 4 of a BatchNormalization are what its outputs 1 and 2 are to become. */
static Status share_statistic(Weights *weights, Graph *student, const Node *node, int i, Error *err) {
  Value *other = node->inputs[2 + i], *value = graph_find_value(student, other->name);
  if (value == NULL || value->constant == NULL || value->constant->type != ELEMENT_FLOAT32)
    return fail(err, UNSUPPORTED, "node '%s' (BatchNormalization): its statistics are no float32 constants",
                node->name);
  Tensor *tensor = share(student, value, other, err);
  if (tensor == NULL) return err->status;
  weights->statistics[weights->statistic_count++] =
      (Statistic){.output = node->outputs[i], .tensor = tensor, .count = tensor_elements(tensor)};
  return OK;
}

Status weights_share(Weights *weights, Graph *student, Graph *twin, Error *err) {
  *weights = (Weights){0};
  weights->list = arena_new(&student->arena, (size_t)student->value_count, sizeof *weights->list, err);
  weights->statistics =
      arena_new(&student->arena, (size_t)twin->node_count * 2, sizeof *weights->statistics, err);
  if (weights->list == NULL || weights->statistics == NULL) return err->status;
  TRY(share_weights(weights, student, twin, err));
  for (int n = 0; n < twin->node_count; n++)
    for (int i = 1; node_is(twin->nodes[n], "BatchNormalization") && i < 3; i++)
      TRY(share_statistic(weights, student, twin->nodes[n], i, err));
  if (weights->count > 0) return OK;
  return fail(err, BAD_INPUT, "the model has no weights that could be trained");
}

Status weights_add_projection(Weights *weights, const Projection *projection, Arena *arena, Error *err) {
  const Graph *graph = projection->graph;
  size_t most = (size_t)weights->count + (size_t)graph->value_count;
  Weight *list = arena_new(arena, most, sizeof *list, err);
  if (list == NULL) return err->status;
  memcpy(list, weights->list, (size_t)weights->count * sizeof *list);
  weights->list = list;
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    if (value->constant == NULL) continue;
    int64_t count = tensor_elements(value->constant);
    list[weights->count++] = (Weight){.value = value,
                                      .tensor = (Tensor *)value->constant, /* drawn for this projection */
                                      .count = count,
                                      .projection = projection,
                                      .decays = parameter_kind(value) == PARAMETER_WEIGHT};
    weights->helpers += count;
  }
  return OK;
}

/* ---- all of them as one block ---- */

/* Of weights and statistics, counted through. */
static Tensor *tensor_at(const Weights *weights, int i) {
  return i < weights->count ? weights->list[i].tensor : weights->statistics[i - weights->count].tensor;
}

size_t weights_bytes(const Weights *weights) {
  size_t bytes = 0;
  for (int i = 0; i < weights->count + weights->statistic_count; i++)
    bytes += tensor_bytes(tensor_at(weights, i));
  return bytes;
}

void weights_store(const Weights *weights, void *block) {
  uint8_t *to = block;
  for (int i = 0; i < weights->count + weights->statistic_count; i++) {
    const Tensor *tensor = tensor_at(weights, i);
    memcpy(to, tensor->data, tensor_bytes(tensor));
    to += tensor_bytes(tensor);
  }
}

void weights_load(const Weights *weights, const void *block) {
  const uint8_t *from = block;
  for (int i = 0; i < weights->count + weights->statistic_count; i++) {
    Tensor *tensor = tensor_at(weights, i);
    memcpy(tensor->data, from, tensor_bytes(tensor));
    from += tensor_bytes(tensor);
  }
}
