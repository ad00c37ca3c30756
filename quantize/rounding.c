#include "quantize/rounding.h"

#include <float.h>
#include <math.h>

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

/* One channel of a weight seen as [outer, channels, inner]. */
typedef struct Channel {
  const float *values; /* of the whole weight */
  int64_t outer, count, inner, index;
} Channel;

static int64_t position(const Channel *channel, int64_t o, int64_t i) {
  return (o * channel->count + channel->index) * channel->inner + i;
}

static double rounded(double value, double scale, double most) {
  double code = rint(value / scale);
  return (code < -most ? -most : code > most ? most : code) * scale;
}

static double error_at(const Channel *channel, double scale, double most) {
  double sum = 0;
  for (int64_t o = 0; o < channel->outer; o++)
    for (int64_t i = 0; i < channel->inner; i++) {
      double value = (double)channel->values[position(channel, o, i)];
      double difference = rounded(value, scale, most) - value;
      sum += difference * difference;
    }
  return sum;
}

static double largest_of(const Channel *channel) {
  double largest = 0;
  for (int64_t o = 0; o < channel->outer; o++)
    for (int64_t i = 0; i < channel->inner; i++)
      largest = fmax(largest, fabs((double)channel->values[position(channel, o, i)]));
  return largest;
}

#define SHRINK_STEPS 16 /* from the scale that covers everything down to half of it */

static double best_scale(const Channel *channel, double most) {
  double widest = fmax(largest_of(channel) / most, (double)FLT_MIN), best = widest, least = INFINITY;
  for (int s = 0; s <= SHRINK_STEPS; s++) {
    double scale = widest * (1 - 0.5 * s / SHRINK_STEPS), error = error_at(channel, scale, most);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

static void round_channel(const Channel *channel, double scale, double most, float *to) {
  for (int64_t o = 0; o < channel->outer; o++)
    for (int64_t i = 0; i < channel->inner; i++) {
      int64_t at = position(channel, o, i);
      to[at] = (float)rounded((double)channel->values[at], scale, most);
    }
}

/* `spec` NULL: scales of least error along `axis`. */
static Tensor *round_channels(const Tensor *weight, const QuantSpec *spec, int axis, int bits, Arena *arena,
                              Error *err) {
  Tensor *copy = tensor_new(arena, ELEMENT_FLOAT32, &weight->shape, err);
  if (copy == NULL) return NULL;
  double most = ldexp(1.0, bits - 1) - 1;
  Channel channel = {weight->data, 1, 1, tensor_elements(weight), 0};
  if (axis >= 0)
    channel = (Channel){weight->data, shape_product(&weight->shape, 0, axis), weight->shape.dims[axis],
                        shape_product(&weight->shape, axis + 1, weight->shape.rank), 0};
  for (; channel.index < channel.count; channel.index++) {
    double scale = spec != NULL ? (double)spec->scales[channel.index] : best_scale(&channel, most);
    round_channel(&channel, scale, most, copy->data);
  }
  return copy;
}

Tensor *round_weight(const Tensor *weight, int axis, int bits, Arena *arena, Error *err) {
  return round_channels(weight, NULL, axis, bits, arena, err);
}

/* Groups with factors: every weight has a step of its own. */
static Tensor *round_groups(const Tensor *weight, const QuantSpec *spec, Arena *arena, Error *err) {
  Tensor *copy = tensor_new(arena, ELEMENT_FLOAT32, &weight->shape, err);
  if (copy == NULL) return NULL;
  const float *values = weight->data;
  float *to = copy->data;
  double most = ldexp(1.0, spec->bits - 1) - 1;
  for (int64_t i = 0; i < tensor_elements(weight); i++)
    to[i] = (float)rounded((double)values[i], quant_step(spec, &weight->shape, i), most);
  return copy;
}

Tensor *round_weight_to(const Tensor *weight, const QuantSpec *spec, Arena *arena, Error *err) {
  if (spec->group_size > 0) return round_groups(weight, spec, arena, err);
  return round_channels(weight, spec, spec->axis, spec->bits, arena, err);
}
