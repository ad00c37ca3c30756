/* MATMUL: the product of two activations. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/matmul_wide.h"

#define MAX_DEPTH 33025 /* times 255 * 255 is below 2^31 */

static EdgeStatus check(const EdgeCall *call) {
  const EdgeMatmulParams *p = call->params;
  const EdgeArg *y = &call->out[0];
  if (!edge_is_quantized(&call->in[0]) || !edge_is_quantized(&call->in[1]) || !edge_is_quantized(y))
    return EDGE_MALFORMED;
  if (!edge_is_sane_matmul(call) || p->k > MAX_DEPTH) return EDGE_MALFORMED;
  if (!edge_is_sane_clamp(p->act_min, p->act_max, (EdgeType)y->info->type)) return EDGE_MALFORMED;
  return edge_is_sane_factor(p->mult) ? EDGE_OK : EDGE_MALFORMED;
}

/* sum[j] for `count` columns of b [K,N] that begin at `b`. */
static void sum_rows(const EdgeMatmulParams *p, const int8_t *a, int32_t za, const int8_t *b, int32_t zb,
                     int32_t *sum, int32_t count) {
  for (int32_t j = 0; j < count; j++) sum[j] = 0;
  for (int32_t k = 0; k < p->k; k++, b += p->n) {
    int32_t factor = a[k] - za;
    for (int32_t j = 0; j < count; j++) sum[j] += factor * (b[j] - zb);
  }
}

/* The same for `count` rows of b [N,K]. */
static void sum_columns(const EdgeMatmulParams *p, const int8_t *a, int32_t za, const int8_t *b, int32_t zb,
                        int32_t *sum, int32_t count) {
  for (int32_t j = 0; j < count; j++, b += p->k) {
    sum[j] = 0;
    for (int32_t k = 0; k < p->k; k++) sum[j] += (a[k] - za) * (b[k] - zb);
  }
}

static void product(const EdgeCall *call, ptrdiff_t a_at, ptrdiff_t b_at, ptrdiff_t y_at) {
  const EdgeMatmulParams *p = call->params;
  const int8_t *a = (const int8_t *)call->in[0].data + a_at, *b = (const int8_t *)call->in[1].data + b_at;
  int8_t *y = (int8_t *)call->out[0].data + y_at;
  int32_t za = call->in[0].info->zero_point, zb = call->in[1].info->zero_point;
  EdgeCodes codes = edge_codes(EDGE_S8, p->act_min, p->act_max, call->out[0].info->zero_point);
  for (int32_t i = 0; i < p->m; i++, a += p->k, y += p->n)
    for (int32_t begin = 0; begin < p->n; begin += EDGE_MATMUL_BLOCK) {
      int32_t sum[EDGE_MATMUL_BLOCK], left = p->n - begin;
      int32_t count = left < EDGE_MATMUL_BLOCK ? left : EDGE_MATMUL_BLOCK;
      if (p->b_transposed)
        sum_columns(p, a, za, b + (ptrdiff_t)begin * p->k, zb, sum, count);
      else
        sum_rows(p, a, za, b + begin, zb, sum, count);
      for (int32_t j = 0; j < count; j++) y[begin + j] = (int8_t)edge_code((float)sum[j] * p->mult, codes);
    }
}

static EdgeStatus run(const EdgeCall *call) {
  if (!edge_is_s8(&call->in[0]) || !edge_is_s8(&call->in[1]) || !edge_is_s8(&call->out[0]))
    return edge_matmul_run(call, edge_matmul_wide);
  return edge_matmul_run(call, product);
}

const EdgeKernel edge_plain_matmul = {.check = check, .run = run};
