/*
 * Cross-layer equalization (Nagel et al. 2019, "Data-Free Quantization through Weight Equalization and Bias
 * Correction"): between two layers with only positively homogeneous functions in between, f(s x) = s f(x), a
 * channel may be multiplied by any s > 0 if the next layer divides by it. The function stays, the ranges
 * change.
 *
 * With one scale a channel for weights, the rows of the first layer cost nothing; what is equalized is the
 * range of the tensor in between, which has one scale, against the columns of the next layer, of which many
 * share a scale (a depthwise layer has one a column, so that there only the tensor counts). With one scale
 * for a whole weight it is the first layer's rows against the next one's columns, as in the paper.
 *
 * A Clip is not passed: its bounds would have to differ from channel to channel.
 */
#include "quantize/rescaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two layers and what is between them. */
typedef struct Pair {
  Layer *first, *next;
} Pair;

/* ---- which pairs there are ---- */

static bool is_homogeneous(const Node *node) {
  static const char *const types[] = {"Relu",        "LeakyRelu",         "PRelu",        "MaxPool",
                                      "AveragePool", "GlobalAveragePool", "GlobalMaxPool"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (node_is(node, types[i])) return node->op != NULL;
  return false;
}

/* The layer that a layer's channels reach unmixed, or NULL. */
static Layer *next_of(const Layers *layers, const Layer *first) {
  const Value *value = first->sum;
  if (!layer_has_own_weights(first) || first->bias == NULL || first->bias_factor != 1) return NULL;
  while (value_is_single(value)) {
    const Node *user = value->users[0];
    Layer *next = layer_reading(layers, value);
    if (next != NULL) {
      bool fits = layer_has_own_weights(next) && next->inputs == first->outputs &&
                  next->data_axis == first->sum_axis && next->node == user;
      return fits ? next : NULL;
    }
    bool is_first_input = user->inputs[0] == value;
    if (!is_homogeneous(user) || !is_first_input || user->output_count != 1 || user->outputs[0] == NULL)
      return NULL;
    value = user->outputs[0];
  }
  return NULL;
}

/* ---- ranges ---- */

static void rows_of(const Layer *layer, double *largest) {
  const float *weights = layer->weight->constant->data;
  for (int64_t o = 0; o < layer->outputs; o++)
    for (int64_t i = 0; i < layer->depth; i++)
      largest[o] = fmax(largest[o], fabs((double)weights[layer_weight_at(layer, o, i)]));
}

/* ---- factors ---- */

/* Factors that make `range * factor` as even as may be, where `against` is divided by them: square root of
   against / range, or, where nothing is against it, 1 / range. The largest range stays what it is. */
static void factors_of(const double *range, const double *against, int64_t count, double *factors) {
  double before = 0, after = 0;
  for (int64_t c = 0; c < count; c++) {
    bool is_alive = range[c] > 0 && (against == NULL || against[c] > 0);
    factors[c] = !is_alive ? 0 : against == NULL ? 1 / range[c] : sqrt(against[c] / range[c]);
    before = fmax(before, range[c]);
    after = fmax(after, range[c] * factors[c]);
  }
  for (int64_t c = 0; c < count; c++) {
    double factor = after > 0 && factors[c] > 0 ? factors[c] * before / after : 1;
    factors[c] = fmin(fmax(factor, 1 / RESCALING_MOST), RESCALING_MOST);
  }
}

static Status find_factors(const Recovery *recovery, const Pair *pair, const ChannelRanges *ranges,
                           double *factors, Error *err) {
  Arena arena = {0};
  const Layer *next = pair->next;
  size_t channels = (size_t)next->inputs;
  bool is_free = next->inputs == next->groups; /* each channel has scales of its own */
  double *range = arena_new(&arena, channels, sizeof *range, err);
  double *against = arena_new(&arena, channels, sizeof *against, err);
  if (range != NULL && against != NULL) {
    const float *seen = ranges->largest[next - recovery->layers->layers];
    for (int64_t c = 0; c < next->inputs; c++) range[c] = (double)seen[c];
    if (recovery->settings->per_tensor) {
      for (int64_t c = 0; c < next->inputs; c++) range[c] = 0;
      rows_of(pair->first, range);
    }
    layer_largest_columns(next, against);
    factors_of(range, is_free && !recovery->settings->per_tensor ? NULL : against, next->inputs, factors);
  }
  bool has_failed = range == NULL || against == NULL;
  arena_free(&arena);
  return has_failed ? err->status : OK;
}

/* ---- rescaling ---- */

static Status rescale(Graph *graph, const Pair *pair, double *factors, Error *err) {
  const Layer *first = pair->first;
  Tensor *rows = constant_copy(graph, first->weight->constant, err);
  Tensor *bias = constant_copy(graph, first->bias->constant, err);
  if (rows == NULL || bias == NULL) return err->status;
  for (int64_t o = 0; o < first->outputs; o++) {
    tensor_set(bias, o, tensor_get(bias, o) * factors[o]);
    for (int64_t i = 0; i < first->depth; i++) {
      int64_t at = layer_weight_at(first, o, i);
      tensor_set(rows, at, tensor_get(rows, at) * factors[o]);
    }
    factors[o] = 1 / factors[o];
  }
  first->weight->constant = rows;
  first->bias->constant = bias;
  return layer_scale_columns(graph, pair->next, factors, err);
}

static Status equalize_pair(Recovery *recovery, const Pair *pair, const ChannelRanges *ranges, Error *err) {
  double *factors = calloc((size_t)pair->next->inputs + 1, sizeof *factors);
  if (factors == NULL) return fail_memory(err);
  Status status = find_factors(recovery, pair, ranges, factors, err);
  if (status == OK) status = rescale(recovery->graph, pair, factors, err);
  free(factors);
  return status;
}

Status equalize_layers(Recovery *recovery, bool *is_changed, Error *err) {
  Arena arena = {0};
  ChannelRanges ranges = {0};
  Status status = OK;
  *is_changed = false;
  for (int l = 0; l < recovery->layers->count && status == OK; l++) {
    Layer *first = &recovery->layers->layers[l];
    Pair pair = {first, next_of(recovery->layers, first)};
    if (pair.next == NULL) continue;
    if (!*is_changed) status = channel_ranges(&ranges, recovery, &arena, err);
    *is_changed = true;
    if (status == OK) status = equalize_pair(recovery, &pair, &ranges, err);
  }
  arena_free(&arena);
  if (status == OK && *is_changed) status = calibrate_again(recovery, err);
  return status;
}
