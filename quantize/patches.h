/* patches.h - the inputs that a layer's rows meet, laid out as a matrix. Inside quantize/. */
#ifndef QUANTIZE_PATCHES_H
#define QUANTIZE_PATCHES_H

#include "quantize/layers.h"

#define PATCHES_MOST 256 /* positions at a time: products of so many codes are exact in float32 */

/* Positions of one sample that are taken: every `step`-th of `all`, beginning with `start`. */
typedef struct Patches {
  int64_t all, start, step;
  int64_t count; /* at most PATCHES_MOST */
} Patches;

/* Which positions to take of a tensor that the layer reads; they differ from sample to sample. */
Patches patches_of(const Layer *layer, const Tensor *data, int64_t sample);

/* Inputs of the rows of `group` as [count][depth], each divided by the data's scale and rounded to 1/`parts`:
   with 1 part, codes less the zero point. Padding is 0. */
Status patches_take(const Layer *layer, const Tensor *data, const Patches *patches, int64_t group,
                    float parts, float *matrix, Error *err);

#endif
