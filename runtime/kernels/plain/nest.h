/*
 * nest.h - loops over up to EDGE_MAX_RANK dimensions in which several operands advance by strides of their
 * own. Dimensions that lie behind one another for all operands are merged, so that the innermost run is as
 * long as it can be; the order of the visits stays row-major.
 *
 *     EdgeNest nest = edge_nest(rank, dims, 2, (const int32_t *const[]){a_stride, b_stride});
 *     do {
 *       // nest.run elements: a[nest.at[0] + i * nest.step[0]], b[nest.at[1] + i * nest.step[1]]
 *     } while (edge_nest_next(&nest));
 *
 * The caller has checked that every offset lies within its tensor (checks.h).
 */
#ifndef RUNTIME_KERNELS_PLAIN_NEST_H
#define RUNTIME_KERNELS_PLAIN_NEST_H

#include "runtime/edge.h"

#define EDGE_NEST_OPERANDS 3

/* For inner loops that are worth something only where the compiler sees constant arguments through the call.
 */
#define EDGE_INLINE static inline __attribute__((always_inline))

typedef struct EdgeNest {
  int32_t run;                        /* length of the innermost loop, at least 1 */
  ptrdiff_t step[EDGE_NEST_OPERANDS]; /* strides of the innermost loop */
  ptrdiff_t at[EDGE_NEST_OPERANDS];   /* where the current run begins */
  int32_t rank;                       /* loops around the innermost one */
  int32_t dims[EDGE_MAX_RANK];        /* those, outermost first */
  int32_t index[EDGE_MAX_RANK];       /* where they stand */
  int32_t stride[EDGE_MAX_RANK][EDGE_NEST_OPERANDS];
} EdgeNest;

/* True if the loop over `inner_dim` with strides[][d + 1] continues the one with `outer` for all operands. */
static inline int edge_nest_merges(const int32_t *outer, const int32_t *inner, int32_t inner_dim,
                                   int operands) {
  for (int k = 0; k < operands; k++)
    if ((int64_t)outer[k] != (int64_t)inner[k] * inner_dim) return 0;
  return 1;
}

/* Puts a dimension behind the others, merged with the last one where possible. */
static inline void edge_nest_append(EdgeNest *nest, int32_t dim, const int32_t *stride, int operands) {
  int32_t last = nest->rank - 1;
  if (dim == 1) return;
  if (last >= 0 && edge_nest_merges(nest->stride[last], stride, dim, operands)) {
    nest->dims[last] *= dim;
  } else {
    last = nest->rank++;
    nest->dims[last] = dim;
  }
  for (int k = 0; k < operands; k++) nest->stride[last][k] = stride[k];
}

/* A nest at its first run. The product of `dims` is below 2^31. */
static inline EdgeNest edge_nest(int32_t rank, const int32_t *dims, int operands,
                                 const int32_t *const strides[]) {
  EdgeNest nest = {.run = 1};
  for (int32_t d = 0; d < rank; d++) {
    int32_t stride[EDGE_NEST_OPERANDS] = {0};
    for (int k = 0; k < operands; k++) stride[k] = strides[k][d];
    edge_nest_append(&nest, dims[d], stride, operands);
  }
  if (nest.rank > 0) {
    nest.rank--;
    nest.run = nest.dims[nest.rank];
    for (int k = 0; k < operands; k++) nest.step[k] = nest.stride[nest.rank][k];
  }
  return nest;
}

/* Goes to the next run; 0 after the last one. */
static inline int edge_nest_next(EdgeNest *nest) {
  for (int32_t d = nest->rank - 1; d >= 0; d--) {
    if (++nest->index[d] < nest->dims[d]) {
      for (int k = 0; k < EDGE_NEST_OPERANDS; k++) nest->at[k] += nest->stride[d][k];
      return 1;
    }
    nest->index[d] = 0;
    for (int k = 0; k < EDGE_NEST_OPERANDS; k++)
      nest->at[k] -= (ptrdiff_t)nest->stride[d][k] * (nest->dims[d] - 1);
  }
  return 0;
}

#endif
