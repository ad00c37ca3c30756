/*
 * matmul.h - what MATMUL and MATMUL_F32 share: the shapes and the walk over batches and blocks of a row of y.
 */
#ifndef RUNTIME_KERNELS_PLAIN_MATMUL_H
#define RUNTIME_KERNELS_PLAIN_MATMUL_H

#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

#define EDGE_MATMUL_BLOCK 64 /* neighbouring elements of a row of y that are summed together */

/* Types are the caller's matter. */
static inline int edge_is_sane_matmul(const EdgeCall *call) {
  const EdgeMatmulParams *p = call->params;
  int64_t a_size = edge_product(p->m, p->k, 1), b_size = edge_product(p->k, p->n, 1);
  int64_t y_size = edge_product(p->m, p->n, 1), batches = edge_dims_product(p->batch_rank, p->batch);
  if (a_size < 1 || b_size < 1 || y_size < 1 || batches < 1) return 0;
  if (!edge_is_indexable(&call->in[0]) || !edge_is_indexable(&call->in[1])) return 0;
  return edge_is_between(p->b_transposed, 0, 1) && edge_has_elements(&call->out[0], batches * y_size) &&
         edge_is_reach_within(0, p->batch_rank, p->batch, p->a_stride, call->in[0].info->elements / a_size) &&
         edge_is_reach_within(0, p->batch_rank, p->batch, p->b_stride, call->in[1].info->elements / b_size);
}

/* One product; offsets in elements. */
typedef void (*EdgeMatmulBody)(const EdgeCall *call, ptrdiff_t a, ptrdiff_t b, ptrdiff_t y);

EDGE_INLINE EdgeStatus edge_matmul_run(const EdgeCall *call, EdgeMatmulBody body) {
  const EdgeMatmulParams *p = call->params;
  ptrdiff_t a_size = (ptrdiff_t)p->m * p->k, b_size = (ptrdiff_t)p->k * p->n, y = 0;
  EdgeNest nest = edge_nest(p->batch_rank, p->batch, 2, (const int32_t *const[]){p->a_stride, p->b_stride});
  do {
    for (int32_t i = 0; i < nest.run; i++, y += (ptrdiff_t)p->m * p->n)
      body(call, (nest.at[0] + i * nest.step[0]) * a_size, (nest.at[1] + i * nest.step[1]) * b_size, y);
  } while (edge_nest_next(&nest));
  return EDGE_OK;
}

#endif
