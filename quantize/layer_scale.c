/*
 * One scale for a whole weight where that is nearer to it than one a channel: weights that lie on a common
 * grid, as those of a network that was trained for such scales do, are codes of that grid exactly, which the
 * largest weight of a single channel does not show.
 */
#include "quantize/recovery.h"
#include "quantize/rounding.h"
#include "quantize/weight_clip.h"

#include <math.h>

/* Sum of squared errors with the scales of the spec. */
static double error_with(const Layer *layer, const QuantSpec *spec) {
  const float *weights = layer->weight->constant->data;
  double limit = layer_code_limit(layer), sum = 0;
  for (int64_t o = 0; o < layer->outputs; o++) {
    double scale = (double)spec->scales[spec->scale_count > 1 ? o : 0];
    for (int64_t i = 0; i < layer->depth; i++) {
      double weight = (double)weights[layer_weight_at(layer, o, i)];
      double error = weight - weight_rounded(weight, scale, limit);
      sum += error * error;
    }
  }
  return sum;
}

/* One that no bias or sum forbids. */
static double common_scale(const Layer *layer) {
  const Tensor *weight = layer->weight->constant;
  double limit = layer_code_limit(layer), largest = 0;
  double scale =
      layer->weight->spec->bits < 8 ? weight_clip_scale(weight->data, tensor_elements(weight), limit) : 0;
  for (int64_t i = 0; i < tensor_elements(weight); i++) largest = fmax(largest, fabs(tensor_get(weight, i)));
  if (!(scale > 0)) scale = largest / limit;
  for (int64_t o = 0; o < layer->outputs; o++) scale = fmax(scale, layer_least_scale(layer, o));
  return scale;
}

static Status try_common(Graph *graph, Layer *layer, bool *is_changed, Error *err) {
  float scale = (float)common_scale(layer);
  QuantSpec common = *layer->weight->spec;
  common.scale_count = 1;
  common.axis = -1;
  common.scales = &scale;
  if (!(scale > 0) || !(error_with(layer, &common) < error_with(layer, layer->weight->spec))) return OK;
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, err);
  float *scales = arena_new(&graph->arena, 1, sizeof *scales, err);
  if (spec == NULL || scales == NULL) return err->status;
  *scales = scale;
  *spec = common;
  spec->scales = scales;
  layer->weight->spec = spec;
  *is_changed = true;
  return OK;
}

Status share_layer_scales(Recovery *recovery, bool *is_changed, Error *err) {
  *is_changed = false;
  for (int l = 0; l < recovery->layers->count; l++) {
    Layer *layer = &recovery->layers->layers[l];
    const QuantSpec *spec = layer->weight->spec;
    bool is_free = layer->has_rows && layer->outputs > 1 && spec->scale_count == layer->outputs &&
                   !spec->is_fixed && layer->weight->user_count == 1;
    if (is_free) TRY(try_common(recovery->graph, layer, is_changed, err));
  }
  return OK;
}
