/* range.h - from what was seen of a tensor to the range that its codes cover. Inside quantize/. */
#ifndef QUANTIZE_RANGE_H
#define QUANTIZE_RANGE_H

#include "quantize/calibration.h"

/* A real range; it always contains 0, so that 0 is a code. */
typedef struct Range {
  double low, high;
} Range;

/* Codes of an asymmetric type with `levels` steps (255 for int8) that cover the range. */
typedef struct Affine {
  float scale;
  int32_t zero_point;
} Affine;

Range range_join(Range a, Range b);
Affine affine_of(Range range, int bits);

/* Chooses by the method; PERCENTILE and MSE need bins. */
Range range_choose(const Histogram *histogram, const QuantizeOptions *options);

/* Chooses the int8 range of the input of a function of one element, so that the squared error of the
   function's results is least: parts on which it hardly changes need no codes. `node` computes the function
   of its input `input`; the histogram is that input's. */
Status range_choose_before(const Histogram *histogram, const Node *node, int input, Range *range, Error *err);

#endif
