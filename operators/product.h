/* product.h - float32 matrix products through CBLAS, in the calling thread. */
#ifndef OPERATORS_PRODUCT_H
#define OPERATORS_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

/* A row-major matrix, read as it stands or transposed. */
typedef struct Matrix {
  const float *data;
  int64_t stride; /* elements between its stored rows */
  bool transposed;
} Matrix;

/* C [m, n] = alpha A [m, k] B [k, n] + beta C. The rows of C are `stride` apart; with beta 0 it need not be
   initialized. */
void product_f32(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float *c,
                 int64_t stride);

/* To be called before the first product: the BLAS uses no threads of its own, so that results do not depend
   on their number and edgec's threads are not in their way. May be called again. */
void product_begin(void);

/* Whether a size fits BLAS's integers. */
static inline bool product_fits(int64_t size) {
  return size >= 0 && size <= INT32_MAX;
}

#endif
