/* MATMUL_F32: float matrix product, each sum in the order of k from 0 on. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/matmul.h"

#define CHAINS 8 /* sums that go side by side where b is transposed: each is a chain of additions */

static EdgeStatus check(const EdgeCall *call) {
  if (!edge_is_f32(&call->in[0]) || !edge_is_f32(&call->in[1])) return EDGE_MALFORMED;
  return edge_is_f32(&call->out[0]) && edge_is_sane_matmul(call) ? EDGE_OK : EDGE_MALFORMED;
}

/* y[j] for `count` columns of b [K,N] that begin at `b`. */
static void multiply_rows(const EdgeMatmulParams *p, float *y, const float *a, const float *b,
                          int32_t count) {
  float sum[EDGE_MATMUL_BLOCK] = {0};
  for (int32_t k = 0; k < p->k; k++, b += p->n)
    for (int32_t j = 0; j < count; j++) sum[j] += a[k] * b[j];
  for (int32_t j = 0; j < count; j++) y[j] = sum[j];
}

EDGE_INLINE void add_chains(float *sum, const float *a, const float *b, int32_t depth, int32_t count) {
  for (int32_t k = 0; k < depth; k++)
    for (int32_t j = 0; j < count; j++) sum[j] += a[k] * b[(ptrdiff_t)j * depth + k];
}

/* The same for `count` rows of b [N,K]. */
static void multiply_columns(const EdgeMatmulParams *p, float *y, const float *a, const float *b,
                             int32_t count) {
  for (int32_t begin = 0; begin < count; begin += CHAINS) {
    float sum[CHAINS] = {0};
    int32_t chains = count - begin < CHAINS ? count - begin : CHAINS;
    if (chains == CHAINS)
      add_chains(sum, a, b + (ptrdiff_t)begin * p->k, p->k, CHAINS);
    else
      add_chains(sum, a, b + (ptrdiff_t)begin * p->k, p->k, chains);
    for (int32_t j = 0; j < chains; j++) y[begin + j] = sum[j];
  }
}

static void product(const EdgeCall *call, ptrdiff_t a_at, ptrdiff_t b_at, ptrdiff_t y_at) {
  const EdgeMatmulParams *p = call->params;
  const float *a = (const float *)call->in[0].data + a_at, *b = (const float *)call->in[1].data + b_at;
  float *y = (float *)call->out[0].data + y_at;
  for (int32_t i = 0; i < p->m; i++, a += p->k, y += p->n)
    for (int32_t begin = 0; begin < p->n; begin += EDGE_MATMUL_BLOCK) {
      int32_t left = p->n - begin, count = left < EDGE_MATMUL_BLOCK ? left : EDGE_MATMUL_BLOCK;
      if (p->b_transposed)
        multiply_columns(p, y + begin, a, b + (ptrdiff_t)begin * p->k, count);
      else
        multiply_rows(p, y + begin, a, b + begin, count);
    }
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_matmul_run(call, product);
}

const EdgeKernel edge_plain_matmul_f32 = {.check = check, .run = run};
