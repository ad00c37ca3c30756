/*
 * matmul_wide.h - MATMUL where a, b or y is int16: sums in 64 bits.
 */
#ifndef RUNTIME_KERNELS_PLAIN_MATMUL_WIDE_H
#define RUNTIME_KERNELS_PLAIN_MATMUL_WIDE_H

#include "runtime/kernels/plain/matmul.h"

/* `count` neighbouring codes less their zero point. */
static inline void edge_matmul_read(int32_t *to, const EdgeArg *from, ptrdiff_t at, int32_t count) {
  int32_t zero_point = from->info->zero_point;
  if (from->info->type == EDGE_S16)
    for (int32_t i = 0; i < count; i++) to[i] = ((const int16_t *)from->data)[at + i] - zero_point;
  else
    for (int32_t i = 0; i < count; i++) to[i] = ((const int8_t *)from->data)[at + i] - zero_point;
}

/* sum[j] += products of a[0..depth-1] with b's `count` columns; b [K,N], the first of them at `at`. */
static inline void edge_matmul_add_rows(const EdgeArg *b, ptrdiff_t at, ptrdiff_t n, const int32_t *a,
                                        int32_t depth, int64_t *sum, int32_t count) {
  int32_t row[EDGE_MATMUL_BLOCK];
  for (int32_t k = 0; k < depth; k++) {
    edge_matmul_read(row, b, at + k * n, count);
    for (int32_t j = 0; j < count; j++) sum[j] += (int64_t)a[k] * row[j];
  }
}

/* The same with b [N,K]. */
static inline void edge_matmul_add_columns(const EdgeArg *b, ptrdiff_t at, ptrdiff_t k, const int32_t *a,
                                           int32_t depth, int64_t *sum, int32_t count) {
  int32_t column[EDGE_MATMUL_BLOCK];
  for (int32_t j = 0; j < count; j++) {
    edge_matmul_read(column, b, at + j * k, depth);
    for (int32_t i = 0; i < depth; i++) sum[j] += (int64_t)a[i] * column[i];
  }
}

/* sum[j] for `count` elements of a row of y from column `begin` on; a's row is at a_at, b's matrix at b_at.
 */
static inline void edge_matmul_sums_wide(const EdgeCall *call, ptrdiff_t a_at, ptrdiff_t b_at, int32_t begin,
                                         int64_t *sum, int32_t count) {
  const EdgeMatmulParams *p = call->params;
  const EdgeArg *b = &call->in[1];
  int32_t a[EDGE_MATMUL_BLOCK];
  for (int32_t j = 0; j < count; j++) sum[j] = 0;
  for (int32_t k = 0; k < p->k; k += EDGE_MATMUL_BLOCK) {
    int32_t left = p->k - k, depth = left < EDGE_MATMUL_BLOCK ? left : EDGE_MATMUL_BLOCK;
    edge_matmul_read(a, &call->in[0], a_at + k, depth);
    if (p->b_transposed)
      edge_matmul_add_columns(b, b_at + (ptrdiff_t)begin * p->k + k, p->k, a, depth, sum, count);
    else
      edge_matmul_add_rows(b, b_at + (ptrdiff_t)k * p->n + begin, p->n, a, depth, sum, count);
  }
}

static inline void edge_matmul_wide(const EdgeCall *call, ptrdiff_t a_at, ptrdiff_t b_at, ptrdiff_t y_at) {
  const EdgeMatmulParams *p = call->params;
  const EdgeArg *y = &call->out[0];
  EdgeCodes codes = edge_codes((EdgeType)y->info->type, p->act_min, p->act_max, y->info->zero_point);
  for (int32_t i = 0; i < p->m; i++, a_at += p->k, y_at += p->n)
    for (int32_t begin = 0; begin < p->n; begin += EDGE_MATMUL_BLOCK) {
      int32_t left = p->n - begin, count = left < EDGE_MATMUL_BLOCK ? left : EDGE_MATMUL_BLOCK;
      int64_t sum[EDGE_MATMUL_BLOCK];
      edge_matmul_sums_wide(call, a_at, b_at, begin, sum, count);
      for (int32_t j = 0; j < count; j++)
        edge_store_code(y, y_at + begin + j, edge_code((float)sum[j] * p->mult, codes));
    }
}

#endif
