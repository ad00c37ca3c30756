/*
 * compared.h - what is compared where the outputs of two runs of a graph are. Inside quantize/.
 *
 * A Softmax flattens most differences and blows up a few, so that some tens of samples tell little behind it.
 * Where an output is one, what it reads is compared, less the mean of each row, which it takes away.
 */
#ifndef QUANTIZE_COMPARED_H
#define QUANTIZE_COMPARED_H

#include "operators/op.h"

typedef struct Compared {
  const Value *value; /* the output, or what its Softmax reads */
  int64_t row;        /* elements of which the mean does not matter; 0: it does */
} Compared;

Compared compared_of(const Graph *graph, const Value *output);

/* Sum of squares of a - b (b NULL: of a), of `count` elements of such a value. */
double compared_power(const Compared *compared, const float *a, const float *b, int64_t count);

#endif
