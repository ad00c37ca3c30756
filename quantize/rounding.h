/* rounding.h - real values as their codes stand for them, in float: what a simulation does. Inside quantize/.
 */
#ifndef QUANTIZE_ROUNDING_H
#define QUANTIZE_ROUNDING_H

#include "graph/graph.h"

/* Rounds the values of an activation (one scale) in place: half to even, saturated. */
void round_activation(const QuantSpec *spec, float *values, int64_t count);

/* The symmetric code of a weight, at most `limit` in size: what lowering makes of it. Adding and taking away
   1.5 * 2^52 rounds half to even. */
static inline double weight_code(double weight, double scale, double limit) {
  double code = weight / scale;
  code = code < -limit ? -limit : code > limit ? limit : code;
  return (code + 0x1.8p52) - 0x1.8p52;
}
/* What that code stands for. */
static inline double weight_rounded(double weight, double scale, double limit) {
  return scale * weight_code(weight, scale, limit);
}

/* A copy, in the arena, of a linear operator's weight as `bits` symmetric codes of each of the channels along
   `axis` stand for it. The scale of a channel is the one of least squared error. NULL when memory runs out.
 */
Tensor *round_weight(const Tensor *weight, int axis, int bits, Arena *arena, Error *err);
/* The same with the scales of its spec. */
Tensor *round_weight_to(const Tensor *weight, const QuantSpec *spec, Arena *arena, Error *err);
/* The same in place: float32, channels along the spec's axis or groups with factors. */
void round_weight_in_place(const QuantSpec *spec, Tensor *weight);

#endif
