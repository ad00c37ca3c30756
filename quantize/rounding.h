/* rounding.h - real values as their codes stand for them, in float: what a simulation does. Inside quantize/.
 */
#ifndef QUANTIZE_ROUNDING_H
#define QUANTIZE_ROUNDING_H

#include "graph/graph.h"

/* Rounds the values of an activation (one scale) in place: half to even, saturated. */
void round_activation(const QuantSpec *spec, float *values, int64_t count);

/* A copy, in the arena, of a linear operator's weight as `bits` symmetric codes of each of the channels along
   `axis` stand for it. The scale of a channel is the one of least squared error. NULL when memory runs out.
 */
Tensor *round_weight(const Tensor *weight, int axis, int bits, Arena *arena, Error *err);
/* The same with the scales of its spec. */
Tensor *round_weight_to(const Tensor *weight, const QuantSpec *spec, Arena *arena, Error *err);

#endif
