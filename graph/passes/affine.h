/* affine.h - what a node does to each channel: y[c] = scale[c] * x[c] + shift[c]; in double. For passes only.
 */
#ifndef GRAPH_PASSES_AFFINE_H
#define GRAPH_PASSES_AFFINE_H

#include "graph/graph.h"

typedef struct Affine {
  int64_t channels;
  double *scale, *shift;
} Affine;

/* y = x. In `arena`. */
Status affine_new(Affine *affine, int64_t channels, Arena *arena, Error *err);

/* If `node` is a BatchNormalization at inference with constant parameters: composes its function onto
   `affine`, whose number of channels must be its own. False where it is something else. */
bool affine_add_batchnorm(Affine *affine, const Node *node);

/* If `node` is an Add, Sub, Mul or Div of `x` and a constant that varies along `axis` of x at the most:
   composes it onto `affine`. x has a known rank. False where it is something else. */
bool affine_add_arithmetic(Affine *affine, const Node *node, const Value *x, int axis);

/* No scale or shift is infinite or NaN. */
bool affine_is_finite(const Affine *affine);
bool affine_has_scale(const Affine *affine); /* not all 1 */
bool affine_has_shift(const Affine *affine); /* not all 0 */

#endif
