/* conv_source.h - where the taps of a convolution read: in the input itself, or, where there is padding or a
   stride, in padded copies of its channels. */
#ifndef OPERATORS_CONV_CONV_SOURCE_H
#define OPERATORS_CONV_CONV_SOURCE_H

#include "operators/conv/plane.h"

/* Tap t of channel i sees output j at data[i * channel_step + offsets[t] + j / width * row_step + j % width].
 */
typedef struct ConvSource {
  const float *data, *end; /* nothing is to be read from `end` on */
  int64_t channel_step, width, row_step;
  int64_t *offsets;
  int64_t *places; /* i * channel_step + offsets[t] for t = 0.. of i = 0.. */
  Plane plane;     /* its data NULL: the input itself */
} ConvSource;

/* For one group of a convolution that conv_panels_fit(). */
Status conv_source_new(Run *run, const ConvCase *c, ConvSource *source);
/* Makes it that of the channels of one group that begin at `x`. */
void conv_source_fill(const ConvCase *c, const float *x, ConvSource *source);

#endif
