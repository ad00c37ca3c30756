/* norm.h - what normalizations share: means and variances in double, and broadcast scales. */
#ifndef OPERATORS_NORM_NORM_H
#define OPERATORS_NORM_NORM_H

#include "operators/axes.h"
#include "operators/reals.h"

/* Mean and (biased) variance. */
typedef struct Moments {
  double mean, variance;
} Moments;

Moments moments_of(const double *x, int64_t count);
/* Of `groups` runs of `count` elements, each `step` after the one before. */
Moments moments_across(const double *x, int64_t groups, int64_t step, int64_t count);
/* The same of float32, with sums in double. */
Moments moments_f32(const float *x, int64_t count);

/* Fails unless input i, where given and known, has one axis of `count` elements. */
Status norm_check_vector(Infer *infer, int i, Dim count);
/* Fails unless input i, where given and known, can be broadcast to data's axes from `axis` on. */
Status norm_check_trailing(Infer *infer, int i, const Shape *data, int axis);
/* Input i broadcast to data's axes from `axis` on, as doubles; `otherwise` everywhere where it is absent.
   NULL where memory ran out. */
const double *norm_trailing(Run *run, int i, int axis, double otherwise);

/* Scale and bias are broadcast to the trailing axes; what is left of those is normalized alike. */
void norm_axes(AxisRules *rules);

#endif
