#include "quantize/rounding.h"

#include "quantize/weight_clip.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Adding and taking away 1.5 * 2^23 rounds a float of up to 2^22 half to even. */
#define ROUNDER 12582912.0f

void round_activation(const QuantSpec *spec, float *values, int64_t count) {
  float scale = spec->scales[0], half = ldexpf(1.0f, spec->bits - 1);
  float low = -half - (float)spec->zero_point, high = half - 1.0f - (float)spec->zero_point;
  for (int64_t i = 0; i < count; i++) {
    float code = values[i] / scale;
    code = code < low ? low : code;
    code = code > high ? high : code;
    values[i] = ((code + ROUNDER) - ROUNDER) * scale;
  }
}

void round_weight_in_place(const QuantSpec *spec, Tensor *weight) {
  int64_t count = tensor_elements(weight), inner = 1;
  if (spec->scale_count > 1) inner = shape_product(&weight->shape, spec->axis + 1, weight->shape.rank);
  double limit = (double)((1 << (spec->bits - 1)) - 1);
  float *values = weight->data;
  for (int64_t i = 0; i < count; i++) {
    double scale = (double)spec->scales[i / inner % spec->scale_count];
    if (spec->group_size > 0) scale = quant_step(spec, &weight->shape, i);
    values[i] = (float)weight_rounded((double)values[i], scale, limit);
  }
}

static Tensor *copy_of(const Tensor *weight, Arena *arena, Error *err) {
  Tensor *copy = tensor_new(arena, ELEMENT_FLOAT32, &weight->shape, err);
  if (copy != NULL) memcpy(copy->data, weight->data, tensor_bytes(weight));
  return copy;
}

Tensor *round_weight_to(const Tensor *weight, const QuantSpec *spec, Arena *arena, Error *err) {
  Tensor *copy = copy_of(weight, arena, err);
  if (copy != NULL) round_weight_in_place(spec, copy);
  return copy;
}

/* Channels of a weight, seen as [outer, channels, inner], get the scales of least error. */
static Status best_scales(const Tensor *weight, int axis, double limit, float *scales, Arena *arena,
                          Error *err) {
  const float *values = weight->data;
  int64_t outer = shape_product(&weight->shape, 0, axis), count = weight->shape.dims[axis];
  int64_t inner = shape_product(&weight->shape, axis + 1, weight->shape.rank);
  float *row = arena_new(arena, (size_t)(outer * inner), sizeof *row, err);
  if (row == NULL) return err->status;
  for (int64_t c = 0; c < count; c++) {
    for (int64_t o = 0; o < outer; o++)
      memcpy(row + o * inner, values + (o * count + c) * inner, (size_t)inner * sizeof *row);
    scales[c] = (float)fmax(weight_clip_scale(row, outer * inner, limit), (double)FLT_MIN);
  }
  return OK;
}

Tensor *round_weight(const Tensor *weight, int axis, int bits, Arena *arena, Error *err) {
  int64_t channels = weight->shape.dims[axis];
  float *scales = arena_new(arena, (size_t)channels, sizeof *scales, err);
  double limit = (double)((1 << (bits - 1)) - 1);
  if (scales == NULL || best_scales(weight, axis, limit, scales, arena, err) != OK) return NULL;
  QuantSpec spec = {.bits = bits, .axis = axis, .scale_count = channels, .scales = scales};
  return round_weight_to(weight, &spec, arena, err);
}
