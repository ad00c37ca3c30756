/*
 * Scale migration (Xiao et al. 2023, "SmoothQuant: Accurate and Efficient Post-Training Quantization for
 * Large Language Models"): in transformers a few channels behind a LayerNormalization are much larger than
 * the others, and all share a scale. Each channel j is divided by s_j = range_j^a / largest_j^(1 - a), where
 * largest_j is the largest weight that reads it: scale and bias of the normalization take the division, the
 * weights of all layers that read the tensor the factor. The function stays. Some a are tried.
 */
#include "quantize/rescaling.h"

#include <math.h>
#include <stdlib.h>

static const double exponents[MIGRATION_VARIANTS] = {0.3, 0.5, 0.7};

static bool is_vector(const Value *value, int64_t count) {
  return value != NULL && value->constant != NULL && value_is_single(value) &&
         value->constant->type == ELEMENT_FLOAT32 && tensor_elements(value->constant) == count;
}

/* The normalization's scale and bias are its own, one a channel, and layers with weights of their own are all
   that reads its result, along the channels. */
static bool can_migrate(const Layers *layers, const Layer *layer) {
  const Node *norm = layer->data->producer;
  if (norm == NULL || !node_is(norm, "LayerNormalization") || layer->data->is_output) return false;
  if (!is_vector(node_input(norm, 1), layer->inputs)) return false;
  if (node_input(norm, 2) != NULL && !is_vector(node_input(norm, 2), layer->inputs)) return false;
  int readers = 0;
  for (int l = 0; l < layers->count; l++) {
    const Layer *other = &layers->layers[l];
    if (other->data != layer->data) continue;
    bool fits = layer_has_own_weights(other) && other->groups == 1 && other->inputs == layer->inputs &&
                other->data_axis == layer->data->shape.rank - 1;
    if (!fits) return false;
    readers++;
  }
  return readers == layer->data->user_count;
}

static void find_factors(const Recovery *recovery, const Layer *layer, const float *range, double *factors) {
  double exponent = exponents[recovery->variant];
  for (int l = 0; l < recovery->layers->count; l++)
    if (recovery->layers->layers[l].data == layer->data)
      layer_largest_columns(&recovery->layers->layers[l], factors);
  for (int64_t c = 0; c < layer->inputs; c++) {
    bool is_alive = range[c] > 0 && factors[c] > 0;
    double factor = is_alive ? pow((double)range[c], exponent) / pow(factors[c], 1 - exponent) : 1;
    factors[c] = fmin(fmax(factor, 1 / RESCALING_MOST), RESCALING_MOST);
  }
}

static Status divide(Graph *graph, Value *value, const double *factors, Error *err) {
  if (value == NULL) return OK;
  Tensor *made = constant_copy(graph, value->constant, err);
  if (made == NULL) return err->status;
  for (int64_t c = 0; c < tensor_elements(made); c++) tensor_set(made, c, tensor_get(made, c) / factors[c]);
  value->constant = made;
  return OK;
}

static Status migrate(Recovery *recovery, Layer *layer, const ChannelRanges *ranges, Error *err) {
  const Node *norm = layer->data->producer;
  double *factors = calloc((size_t)layer->inputs + 1, sizeof *factors);
  if (factors == NULL) return fail_memory(err);
  find_factors(recovery, layer, ranges->largest[layer - recovery->layers->layers], factors);
  Status status = divide(recovery->graph, node_input(norm, 1), factors, err);
  if (status == OK) status = divide(recovery->graph, node_input(norm, 2), factors, err);
  for (int l = 0; l < recovery->layers->count && status == OK; l++)
    if (recovery->layers->layers[l].data == layer->data)
      status = layer_scale_columns(recovery->graph, &recovery->layers->layers[l], factors, err);
  free(factors);
  return status;
}

Status migrate_scales(Recovery *recovery, bool *is_changed, Error *err) {
  const Layers *layers = recovery->layers;
  Arena arena = {0};
  ChannelRanges ranges = {0};
  Status status = OK;
  *is_changed = false;
  for (int l = 0; l < layers->count && status == OK; l++) {
    Layer *layer = &layers->layers[l];
    if (layer_reading(layers, layer->data) != layer || !can_migrate(layers, layer)) continue;
    if (!*is_changed) status = channel_ranges(&ranges, recovery, &arena, err);
    *is_changed = true;
    if (status == OK) status = migrate(recovery, layer, &ranges, err);
  }
  arena_free(&arena);
  if (status == OK && *is_changed) status = calibrate_again(recovery, err);
  return status;
}
