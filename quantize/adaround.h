/*
 * adaround.h - adaptive rounding of rows of weights: up or down is learned by gradient descent (Nagel et al.
 * 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization"). Inside quantize/.
 *
 * A weight is base + h steps, where h is a rectified sigmoid of a variable. What is minimised is the sum of
 * (w - q)^T H (w - q) over rows, plus a term that drives each h to 0 or 1 more and more. With the second
 * moments H of the inputs no sample is run again.
 */
#ifndef QUANTIZE_ADAROUND_H
#define QUANTIZE_ADAROUND_H

#include <stdint.h>

typedef struct AdaptiveRows {
  int64_t rows, depth;
  const float *metric; /* H [depth][depth], of mean 1 on the diagonal */
  const float *wanted; /* [rows][depth]: weights in steps of their row */
  float *codes;        /* [rows][depth]: where to begin, within the limit; then the result */
  float limit;         /* largest size of a code */
} AdaptiveRows;

#define ADAROUND_ROOM 6 /* numbers a weight that adaround_rows() needs in `room` */

/* The same result on every thread; no randomness. */
void adaround_rows(const AdaptiveRows *rows, int iterations, float *room);

#endif
