#include "quantize/rounding.h"

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
