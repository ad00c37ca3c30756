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

/* Everything that was seen, and 0. */
Range range_of_all(const Histogram *histogram);

/* Chooses by the method; all but MIN_MAX need bins, and give the whole range without. For AUTO the error is
   that of the tensor itself. */
Range range_choose(const Histogram *histogram, const QuantizeOptions *options);

/* Cuts off half of what is not kept (`percentile` percent are) at each end; needs bins. */
Range range_by_percentile(const Histogram *histogram, double percentile);
/* The least squared error of clipping and rounding; needs bins. */
Range range_by_mse(const Histogram *histogram);
/* The least Kullback-Leibler divergence; needs bins. */
Range range_by_entropy(const Histogram *histogram);

/* The candidate among min-max, percentile (99.99 and 99.9), mse and entropy with the least measured error: of
   the results of `node`, a function of one element of its input `input`, or, where `node` is NULL, of the
   tensor itself. */
Status range_by_auto(const Histogram *histogram, const Node *node, int input, Range *range, Error *err);

/* What codes do to the values of a histogram: sums over all of them. Needs bins. */
typedef struct RangeError {
  double signal;  /* of x^2 */
  double noise;   /* of the squared error of clipping and rounding */
  double clipped; /* number of values more than half a step outside the codes */
} RangeError;
RangeError range_measure(const Histogram *histogram, Affine affine, int bits);
TensorDamage range_damage(const Histogram *histogram, Affine affine, int bits);

/* Chooses the int8 range of the input of a function of one element, so that the squared error of the
   function's results is least: parts on which it hardly changes need no codes. `node` computes the function
   of its input `input`; the histogram is that input's. */
Status range_choose_before(const Histogram *histogram, const Node *node, int input, Range *range, Error *err);
/* The squared errors of such a function's results with each of `count` ranges. */
Status range_errors_before(const Histogram *histogram, const Node *node, int input, const Range *ranges,
                           double *errors, int count, Error *err);

#endif
