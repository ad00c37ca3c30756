/* det.c - Det: determinants of square matrices. */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <math.h>

static Status infer(Infer *infer) {
  const InferValue *x = &infer->in[0];
  infer->out[0].type = x->type;
  if (!x->has_shape) return OK;
  Shape out = x->shape;
  if (out.rank < 2) return infer_fail(infer, "the input has %d dimensions, at least 2 are needed", out.rank);
  Dim rows = out.dims[out.rank - 2], columns = out.dims[out.rank - 1];
  if (dim_is_known(rows) && dim_is_known(columns) && rows != columns)
    return infer_fail(infer, "a matrix of %lld by %lld is not square", (long long)rows, (long long)columns);
  out.rank -= 2;
  infer_set(infer, 0, x->type, &out);
  return OK;
}

static void swap_rows(double *m, int64_t n, int64_t a, int64_t b) {
  for (int64_t i = 0; i < n; i++) {
    double kept = m[a * n + i];
    m[a * n + i] = m[b * n + i];
    m[b * n + i] = kept;
  }
}

/* Gauss with the largest pivot of each column; overwrites `m`. */
static double determinant(double *m, int64_t n) {
  double product = 1;
  for (int64_t c = 0; c < n; c++) {
    int64_t pivot = c;
    for (int64_t r = c + 1; r < n; r++)
      if (fabs(m[r * n + c]) > fabs(m[pivot * n + c])) pivot = r;
    if (m[pivot * n + c] == 0) return 0;
    if (pivot != c) {
      swap_rows(m, n, pivot, c);
      product = -product;
    }
    product *= m[c * n + c];
    for (int64_t r = c + 1; r < n; r++) {
      double factor = m[r * n + c] / m[c * n + c];
      for (int64_t i = c; i < n; i++) m[r * n + i] -= factor * m[c * n + i];
    }
  }
  return product;
}

static Status run_det(Run *run) {
  const Tensor *x = run->in[0];
  int64_t n = x->shape.dims[x->shape.rank - 1], count = tensor_elements(run->out[0]);
  double *matrix = reals_new(run, n * n);
  if (matrix == NULL) return run->err->status;
  for (int64_t m = 0; m < count; m++) {
    for (int64_t i = 0; i < n * n; i++) matrix[i] = tensor_get(x, m * n * n + i);
    tensor_set(run->out[0], m, determinant(matrix, n));
  }
  return OK;
}

/* ---- the way back: every element's cofactor, which a singular matrix has too ---- */

/* The matrix of n rows without row `r` and column `c`. */
static void minor_of(const float *x, int64_t n, int64_t r, int64_t c, double *to) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      if (i != r && j != c) *to++ = (double)x[i * n + j];
}

static Status grad_det(Grad *grad) {
  const Tensor *in = grad->run.in[0];
  const float *x = in->data, *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0);
  int64_t n = in->shape.dims[in->shape.rank - 1], count = tensor_elements(grad->run.out[0]);
  double *matrix = reals_new(&grad->run, n * n);
  if (matrix == NULL) return fail_memory(grad->run.err);
  for (int64_t m = 0; dx != NULL && m < count; m++)
    for (int64_t i = 0; i < n * n; i++) {
      minor_of(x + m * n * n, n, i / n, i % n, matrix);
      double cofactor = determinant(matrix, n - 1);
      dx[m * n * n + i] = (float)((double)dy[m] * ((i / n + i % n) % 2 == 0 ? cofactor : -cofactor));
    }
  return OK;
}

const Op op_Det = {
    .name = "Det",
    .brief = "Determinants of square matrices.",
    .versions = {{11, infer, run_det, NULL, grad_det}},
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[..., M, M]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "a determinant is a product without bounds",
    .samples = {{"f32[3,3]", ""},
                {"f64[2,2,4,4]", ""},
                {"f32[0,2,2]", ""},
                {"f32[2,2]{0,1,1,0}", ""},
                {"f32[2,3,3]{1,2,3,2,4,6,0,1,1,1,2,0,1,0,0,3,1,2}", ""},
                {"f32[2,1,1]", ""}},
};
