#include "operators/product.h"

#include <cblas.h>

/* c = alpha * op(matrix) * x + beta * c */
static void product_vector(int64_t rows, int64_t k, float alpha, Matrix matrix, const float *x,
                           int64_t x_step, float beta, float *c, int64_t c_step) {
  if (beta == 0) {
    for (int64_t i = 0; i < rows; i++) c[i * c_step] = 0;
    beta = 1;
  }
  int stored_rows = (int)(matrix.transposed ? k : rows), stored_columns = (int)(matrix.transposed ? rows : k);
  cblas_sgemv(CblasRowMajor, matrix.transposed ? CblasTrans : CblasNoTrans, stored_rows, stored_columns,
              alpha, matrix.data, (int)matrix.stride, x, (int)x_step, beta, c, (int)c_step);
}

static void scale_rows(int64_t m, int64_t n, float beta, float *c, int64_t stride) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) c[i * stride + j] = beta == 0 ? 0 : beta * c[i * stride + j];
}

void product_begin(void) {
  openblas_set_num_threads(1);
}

void product_f32(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float *c,
                 int64_t stride) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    scale_rows(m, n, beta, c, stride);
  } else if (m == 1) { /* C^T = B^T A^T */
    Matrix turned = {b.data, b.stride, !b.transposed};
    product_vector(n, k, alpha, turned, a.data, a.transposed ? a.stride : 1, beta, c, 1);
  } else if (n == 1) {
    product_vector(m, k, alpha, a, b.data, b.transposed ? 1 : b.stride, beta, c, stride);
  } else {
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, a.data,
                (int)a.stride, b.data, (int)b.stride, beta, c, (int)stride);
  }
}
