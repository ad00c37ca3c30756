/* norm_gradient.h - the way back through the normalization of runs of neighbouring elements. */
#ifndef OPERATORS_NORM_NORM_GRADIENT_H
#define OPERATORS_NORM_NORM_GRADIENT_H

#include "operators/gradient.h"
#include "operators/norm/norm.h"

/* The forward run was n = (x - mean) / sqrt(variance + epsilon) in each of `runs` runs of `count` elements,
   then n * scale + bias. Not centered: the mean is 0 in it, as RMSNormalization has it. */
typedef struct NormCase {
  int64_t runs, count;
  double epsilon;
  bool centered;
} NormCase;

/* The gradient of the data alone, without a scale: dx from dy and x. */
Status norm_grad_runs(Grad *grad, const NormCase *c, const float *x, const float *dy, float *dx);

/* All gradients, with scale (input 1) and bias (input 2, perhaps absent) that are broadcast to the data's
   axes from `axis` on; output 0 may have no gradient. */
Status norm_grad_trailing(Grad *grad, const NormCase *c, int axis);

/* All gradients, with a scale and a bias for every `own` neighbouring channels of axis 1. */
Status norm_grad_channels(Grad *grad, const NormCase *c, int64_t own);

#endif
