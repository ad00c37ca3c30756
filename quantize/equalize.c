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
 * The bounds of a Clip would have to differ from channel to channel, which no instruction has. Where a
 * channel never reaches the bound, the Clip does nothing (Nagel et al. replace ReLU6 by Relu for the same
 * reason): such a channel may be multiplied as long as it stays below; the others keep their factor of 1. The
 * second variant does so, the first one passes no Clip. HardSwish and the like are not homogeneous at all and
 * never passed.
 */
#include "quantize/rescaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two layers and what is between them. */
typedef struct Pair {
  Layer *first, *next;
  double bound; /* of the Clip in between; infinite where there is none */
} Pair;

#define BELOW_BOUND 0.9 /* of it: room for samples that go beyond those seen */

/* ---- which pairs there are ---- */

static bool is_homogeneous(const Node *node) {
  static const char *const types[] = {"Relu",        "LeakyRelu",         "PRelu",        "MaxPool",
                                      "AveragePool", "GlobalAveragePool", "GlobalMaxPool"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (node_is(node, types[i])) return node->op != NULL;
  return false;
}

/* A Clip from 0 to a bound; means of clipped values do not show it. */
static bool passes_clip(const Node *node, Pair *pair) {
  double low, high;
  if (!node_is(node, "Clip") || !plan_is_clamp(node, &low, &high) || low != 0 || !(high > 0)) return false;
  pair->bound = fmin(pair->bound, high);
  return true;
}

static bool passes(const Node *node, Pair *pair) {
  bool is_mean = node_is(node, "AveragePool") || node_is(node, "GlobalAveragePool");
  if (is_homogeneous(node)) return !is_mean || isinf(pair->bound);
  return passes_clip(node, pair);
}

/* Finds the layer that the first one's channels reach unmixed. */
static bool find_next(const Layers *layers, Pair *pair) {
  const Layer *first = pair->first;
  const Value *value = first->sum;
  pair->bound = INFINITY;
  if (!layer_has_own_weights(first) || first->bias == NULL || first->bias_factor != 1) return false;
  while (value_is_single(value)) {
    const Node *user = value->users[0];
    Layer *next = pair->next = layer_reading(layers, value);
    if (next != NULL)
      return layer_has_own_weights(next) && next->inputs == first->outputs &&
             next->data_axis == first->sum_axis && next->node == user;
    bool is_first_input = user->inputs[0] == value;
    if (!is_first_input || user->output_count != 1 || user->outputs[0] == NULL || !passes(user, pair))
      return false;
    value = user->outputs[0];
  }
  return false;
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

/* Channels that a Clip touches stay, the others stay below its bound. */
static void keep_below(const float *seen, double bound, int64_t count, double *factors) {
  for (int64_t c = 0; c < count && isfinite(bound); c++) {
    double room = BELOW_BOUND * bound / fmax((double)seen[c], 1e-30);
    factors[c] = room < 1 ? 1 : fmin(factors[c], room);
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
    keep_below(seen, pair->bound, next->inputs, factors);
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
  bool with_clips = recovery->variant == 1, has_clip = false, has_begun = false;
  for (int l = 0; l < recovery->layers->count && status == OK; l++) {
    Pair pair = {.first = &recovery->layers->layers[l]};
    if (!find_next(recovery->layers, &pair) || (isfinite(pair.bound) && !with_clips)) continue;
    if (!has_begun) status = channel_ranges(&ranges, recovery, &arena, err);
    has_begun = true;
    has_clip |= isfinite(pair.bound);
    if (status == OK) status = equalize_pair(recovery, &pair, &ranges, err);
  }
  arena_free(&arena);
  *is_changed = with_clips ? has_clip : has_begun; /* without one the variants are the same */
  if (status == OK && *is_changed) status = calibrate_again(recovery, err);
  return status;
}
