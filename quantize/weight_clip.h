/*
 * weight_clip.h - scales of few codes: what the largest weights lose by clipping the others win. Inside
 * quantize/.
 */
#ifndef QUANTIZE_WEIGHT_CLIP_H
#define QUANTIZE_WEIGHT_CLIP_H

#include <stdint.h>

/* The scale with which symmetric codes of at most `code_max` leave the least squared error in `values`, among
   those that clip nothing or some of the largest; 0 where all are zero. */
double weight_clip_scale(const float *values, int64_t count, double code_max);
/* The same where the squared errors count `importance[i]`-fold. */
double weight_clip_scale_of(const float *values, const float *importance, int64_t count, double code_max);

#endif
