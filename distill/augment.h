/*
 * augment.h - samples of pictures, changed a little each time they are seen, by seeded chance.
 *
 * On one machine the same seed gives the same bytes. Between machines flips, shifts, cutout and noise are the
 * same too; rotation and mixup go through sine, exponential and logarithm of the C library.
 */
#ifndef DISTILL_AUGMENT_H
#define DISTILL_AUGMENT_H

#include "base/random.h"
#include "graph/tensor.h"

typedef struct AugmentOptions {
  bool flip;             /* left and right, half of the samples */
  int64_t shift;         /* by up to so many pixels in each direction; `fill` comes in */
  double rotate;         /* by up to so many degrees, bilinear; `fill` comes in */
  double noise;          /* standard deviation of what is added, in the unit of the data */
  double cutout;         /* side of a square that becomes `fill`, as a share of the shorter side; 0: none */
  double mixup;          /* alpha of the Beta distribution of shares (Zhang et al. 2018); 0: none */
  double fill;           /* what stands for nothing */
  int64_t width, height; /* of pictures that are given as vectors; 0: the shape says it, or they are square */
} AugmentOptions;

bool augment_any(const AugmentOptions *options);
/* `form`: one sample, [H,W], [C,H,W] or a vector, each with or without leading dims of 1. A vector with
   `width` and `height` may have several channels, one after the other; without, it is one square. BAD_USAGE
   naming option and shape where it is no picture, or none of that size, and has to be one. */
Status augment_check(const AugmentOptions *options, const Shape *form, Error *err);

/* In place; `scratch` has room for a sample. The form must have passed augment_check(). */
void augment_sample(const AugmentOptions *options, const Shape *form, Random *random, float *sample,
                    float *scratch);
/* How much of a sample stays when it is mixed with another: 0..1, 1 without mixup. Beta(mixup, mixup). */
double augment_mixup_weight(const AugmentOptions *options, Random *random);
void augment_mix(float *sample, const float *other, int64_t count, double lambda);

#endif
