/*
 * norm_pattern.h - recognises a layer normalization that an exporter has written out. Not for other folders.
 *
 *     mean      ReduceMean(x), or ReduceSum(x) times 1/n
 *     variance  mean((x - mean)^2), or mean(x^2) - mean^2, which may be clamped to 0 from below
 *     deviation sqrt(variance + epsilon), or its reciprocal
 *     result    (x - mean) / deviation * scale + bias, with the products in any order, or
 *               x * (scale / deviation) + (bias - mean * (scale / deviation))
 *
 * Numbers of a row (mean, variance ...) may be reshaped and expanded on their way, as JAX and TensorFlow do
 * it, as long as each still belongs to its row.
 */
#ifndef GRAPH_PASSES_NORM_PATTERN_H
#define GRAPH_PASSES_NORM_PATTERN_H

#include "graph/passes/pass_tools.h"

typedef struct NormPattern {
  Value *x;
  int axis; /* that is normalized over, 0..rank-1 */
  double epsilon;
  Value *scale, *bias; /* constants of as many elements as the axis has, or NULL */
  Node *inner[2]; /* those in front of the last one whose results nobody else reads: to be removed with it */
  int inner_count;
} NormPattern;

/* True if `last` computes the end of such a pattern: its bias, or scale where there is no bias, or neither.
 */
bool norm_pattern_at(const Node *last, NormPattern *pattern);

#endif
