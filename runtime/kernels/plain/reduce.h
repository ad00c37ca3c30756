/*
 * reduce.h - what REDUCE and REDUCE_F32 share: the check and the walk over blocks of results. A block is a
 * few neighbouring results that are reduced together, which makes the usual reduction over rows and columns
 * (channels last) a sum of contiguous vectors.
 */
#ifndef RUNTIME_KERNELS_PLAIN_REDUCE_H
#define RUNTIME_KERNELS_PLAIN_REDUCE_H

#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

#define EDGE_REDUCE_BLOCK 64

/* Results y..y+count-1; the first reads x from `at` on, the next ones `step` further each. */
typedef struct EdgeReduceBlock {
  ptrdiff_t y, at, step;
  int32_t count;
} EdgeReduceBlock;

typedef void (*EdgeReduceBody)(const EdgeCall *call, EdgeNest inner, EdgeReduceBlock block);

/* Both groups of loops together, to ask for their reach. */
static inline int edge_is_reduce_within(const EdgeReduceParams *p, const EdgeArg *x) {
  int32_t dims[2 * EDGE_MAX_RANK], stride[2 * EDGE_MAX_RANK];
  int32_t rank = 0;
  for (int32_t d = 0; d < p->outer_rank; d++, rank++) {
    dims[rank] = p->outer_dims[d];
    stride[rank] = p->outer_stride[d];
  }
  for (int32_t d = 0; d < p->inner_rank; d++, rank++) {
    dims[rank] = p->inner_dims[d];
    stride[rank] = p->inner_stride[d];
  }
  return edge_is_operand_within(x, rank, dims, stride);
}

/* Types are the caller's matter. */
static inline int edge_is_sane_reduce(const EdgeCall *call, EdgeReduceKind last_kind) {
  const EdgeReduceParams *p = call->params;
  int64_t outer = edge_dims_product(p->outer_rank, p->outer_dims);
  int64_t inner = edge_dims_product(p->inner_rank, p->inner_dims);
  return edge_is_between(p->kind, EDGE_REDUCE_SUM, (int32_t)last_kind) && inner >= 1 &&
         inner <= EDGE_MAX_SUMMED && edge_has_elements(&call->out[0], outer) &&
         edge_is_indexable(&call->in[0]) && inner <= (int64_t)call->in[0].info->elements &&
         edge_is_reduce_within(p, &call->in[0]);
}

/* How many elements of x make one of y. */
static inline int32_t edge_reduce_count(const EdgeReduceParams *p) {
  return (int32_t)edge_dims_product(p->inner_rank, p->inner_dims);
}

static inline EdgeStatus edge_reduce_run(const EdgeCall *call, EdgeReduceBody body) {
  const EdgeReduceParams *p = call->params;
  EdgeNest outer = edge_nest(p->outer_rank, p->outer_dims, 1, (const int32_t *const[]){p->outer_stride});
  EdgeNest inner = edge_nest(p->inner_rank, p->inner_dims, 1, (const int32_t *const[]){p->inner_stride});
  ptrdiff_t y = 0;
  do {
    for (int32_t begin = 0; begin < outer.run; begin += EDGE_REDUCE_BLOCK) {
      int32_t left = outer.run - begin, count = left < EDGE_REDUCE_BLOCK ? left : EDGE_REDUCE_BLOCK;
      body(call, inner,
           (EdgeReduceBlock){y + begin, outer.at[0] + begin * outer.step[0], outer.step[0], count});
    }
    y += outer.run;
  } while (edge_nest_next(&outer));
  return EDGE_OK;
}

#endif
