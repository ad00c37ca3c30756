/*
 * Scales of weights by least squared error: with few bits it pays to clip the largest weights of a channel
 * for the sake of a finer step for the others.
 */
#include "quantize/recovery.h"

#include <math.h>
#include <string.h>

#define STEPS 32      /* scales that are tried, from that of the largest weight down */
#define SMALLEST 0.35 /* of it */

/* Adding and taking away 1.5 * 2^52 rounds half to even. */
#define ROUNDER 0x1.8p52

static double error_with(const float *weights, int64_t stride, int64_t count, double scale, double limit) {
  double total = 0, inverse = 1 / scale;
  for (int64_t i = 0; i < count; i++) {
    double real = (double)weights[i * stride] * inverse;
    double code = (real + ROUNDER) - ROUNDER;
    code = code > limit ? limit : code < -limit ? -limit : code;
    total += (real - code) * (real - code);
  }
  return total * scale * scale;
}

static double best_scale(const Layer *layer, int64_t output) {
  const float *weights = (const float *)layer->weight->constant->data + layer_weight_at(layer, output, 0);
  double limit = layer_code_limit(layer), largest = layer_scale(layer, output), best = largest;
  double least = error_with(weights, layer->weight_stride, layer->depth, largest, limit);
  double smallest = fmax(SMALLEST * largest, layer_least_scale(layer, output));
  for (int step = 1; step < STEPS; step++) {
    double scale = (double)(float)(largest * (1 - (1 - SMALLEST) * step / (STEPS - 1)));
    if (scale < smallest) break;
    double error = error_with(weights, layer->weight_stride, layer->depth, scale, limit);
    if (error >= least) continue;
    least = error;
    best = scale;
  }
  return best;
}

static Status set_scales(Graph *graph, Layer *layer, Error *err) {
  const QuantSpec *old = layer->weight->spec;
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, err);
  float *scales = arena_new(&graph->arena, (size_t)old->scale_count, sizeof *scales, err);
  if (spec == NULL || scales == NULL) return err->status;
  for (int64_t o = 0; o < layer->outputs; o++) scales[o] = (float)best_scale(layer, o);
  *spec = *old;
  spec->scales = scales;
  layer->weight->spec = spec;
  return OK;
}

Status search_weight_scales(Recovery *recovery, bool *is_changed, Error *err) {
  *is_changed = false;
  for (int l = 0; l < recovery->layers->count; l++) {
    Layer *layer = &recovery->layers->layers[l];
    bool is_free = layer->has_rows && layer->weight->spec->scale_count == layer->outputs &&
                   layer->weight->spec->bits < 8 && layer->weight->user_count == 1;
    if (!is_free) continue;
    TRY(set_scales(recovery->graph, layer, err));
    *is_changed = true;
  }
  return OK;
}
