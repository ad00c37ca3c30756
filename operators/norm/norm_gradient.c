/* shared by the family: the way back through normalizations, a run of elements after another. */
#include "operators/norm/norm_gradient.h"

#include "base/wide.h"

#include <math.h>
#include <string.h>

#define LANES 4 /* independent sums, so that additions overlap */

/* Scales and biases, and sums of their gradients, an element each until they repeat. */
typedef struct NormScale {
  int64_t period;               /* elements; a whole number of runs */
  const float *scale;           /* NULL: 1 everywhere */
  double *scale_sum, *bias_sum; /* NULL: nobody asks */
} NormScale;

/* ---- one run ---- */

static Moments moments_in(const NormCase *c, const float *x) {
  if (c->centered) return moments_f32(x, c->count);
  double sum[LANES] = {0};
  for (int64_t i = 0; i < c->count; i++) sum[i % LANES] += (double)x[i] * (double)x[i];
  return (Moments){0, (sum[0] + sum[1] + sum[2] + sum[3]) / (double)c->count};
}

WIDE_LOOP static void normalize(float *restrict n, const float *restrict x, float mean, float inverse,
                                int64_t count) {
  for (int64_t i = 0; i < count; i++) n[i] = (x[i] - mean) * inverse;
}

WIDE_LOOP static void multiply(float *restrict to, const float *restrict a, const float *restrict b,
                               int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = a[i] * b[i];
}

WIDE_LOOP static void add_products(double *restrict sum, const float *restrict a, const float *restrict b,
                                   int64_t count) {
  for (int64_t i = 0; i < count; i++) sum[i] += (double)a[i] * (double)b[i];
}

WIDE_LOOP static void add_floats(double *restrict sum, const float *restrict a, int64_t count) {
  for (int64_t i = 0; i < count; i++) sum[i] += (double)a[i];
}

WIDE_LOOP static void subtract_parts(float *restrict dx, const float *restrict dn, const float *restrict n,
                                     float inverse, float mean, float along, int64_t count) {
  for (int64_t i = 0; i < count; i++) dx[i] = inverse * (dn[i] - mean - n[i] * along);
}

/* dx = (dn - mean(dn) - n * mean(dn * n)) / deviation: what changes the statistics drops out. */
static void data_back(const NormCase *c, const float *dn, const float *n, double inverse, float *dx) {
  double sum[LANES] = {0}, product[LANES] = {0}, count = (double)c->count;
  for (int64_t i = 0; i < c->count; i++) {
    sum[i % LANES] += (double)dn[i];
    product[i % LANES] += (double)dn[i] * (double)n[i];
  }
  double mean = c->centered ? (sum[0] + sum[1] + sum[2] + sum[3]) / count : 0;
  double along = (product[0] + product[1] + product[2] + product[3]) / count;
  subtract_parts(dx, dn, n, (float)inverse, (float)mean, (float)along, c->count);
}

/* All runs. `dx` NULL: nobody asks. */
static Status runs_back(Grad *grad, const NormCase *c, const NormScale *s, const float *x, const float *dy,
                        float *dx) {
  float *n = floats_new(&grad->run, c->count), *dn = floats_new(&grad->run, c->count);
  if (n == NULL || dn == NULL) return fail_memory(grad->run.err);
  for (int64_t run = 0; run < c->runs; run++, x += c->count, dy += c->count) {
    int64_t at = run * c->count % s->period;
    Moments moments = moments_in(c, x);
    double inverse = 1 / sqrt(moments.variance + c->epsilon);
    normalize(n, x, (float)moments.mean, (float)inverse, c->count);
    if (s->scale_sum != NULL) add_products(s->scale_sum + at, dy, n, c->count);
    if (s->bias_sum != NULL) add_floats(s->bias_sum + at, dy, c->count);
    if (dx == NULL) continue;
    if (s->scale != NULL) multiply(dn, dy, s->scale + at, c->count);
    data_back(c, s->scale != NULL ? dn : dy, n, inverse, dx + run * c->count);
  }
  return OK;
}

Status norm_grad_runs(Grad *grad, const NormCase *c, const float *x, const float *dy, float *dx) {
  return runs_back(grad, c, &(NormScale){.period = c->count}, x, dy, dx);
}

/* ---- scale and bias ---- */

/* Where the sums for input i are added up; *sums stays NULL where nobody asks. */
static Status open_sums(Grad *grad, int i, int64_t period, double **sums) {
  if (grad_of_input(grad, i) == NULL) return OK;
  *sums = reals_new(&grad->run, period);
  if (*sums == NULL) return fail_memory(grad->run.err);
  for (int64_t at = 0; at < period; at++) (*sums)[at] = 0;
  return OK;
}

/* The gradient of input i is the sum of what it was stretched to, of the shape `shape`; `to` is its shape
   among these axes. */
static Status close_sums(Grad *grad, int i, const double *sums, const Shape *shape, const Shape *to) {
  if (sums == NULL) return OK;
  int64_t count = shape_elements(shape);
  float *full = floats_new(&grad->run, count);
  if (full == NULL) return fail_memory(grad->run.err);
  for (int64_t at = 0; at < count; at++) full[at] = (float)sums[at];
  Tensor result = {.type = ELEMENT_FLOAT32, .shape = *to, .data = grad->in_grad[i]->data};
  return grad_sum_to(grad, &result, full, shape);
}

/* With scales that are stretched to `shape`; of input i they are the shape `to[i - 1]` of it. */
static Status norm_back(Grad *grad, const NormCase *c, const float *scale, const Shape *shape,
                        const Shape to[2]) {
  NormScale s = {.period = shape_elements(shape), .scale = scale};
  const float *dy = grad_of_output(grad, 0);
  if (dy == NULL || c->runs * c->count == 0) return grad_zero(grad);
  TRY(open_sums(grad, 1, s.period, &s.scale_sum));
  TRY(open_sums(grad, 2, s.period, &s.bias_sum));
  TRY(runs_back(grad, c, &s, grad->run.in[0]->data, dy, grad_of_input(grad, 0)));
  TRY(close_sums(grad, 1, s.scale_sum, shape, &to[0]));
  return close_sums(grad, 2, s.bias_sum, shape, &to[1]);
}

Status norm_grad_trailing(Grad *grad, const NormCase *c, int axis) {
  Shape shape = grad->run.in[0]->shape, to[2] = {grad->run.in[1]->shape};
  const double *wide = norm_trailing(&grad->run, 1, axis, 1);
  float *scale = floats_new(&grad->run, c->count);
  if (wide == NULL || scale == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < c->count; i++) scale[i] = (float)wide[i];
  for (int d = 0; d < axis; d++) shape.dims[d] = 1;
  if (run_input(&grad->run, 2) != NULL) to[1] = grad->run.in[2]->shape;
  return norm_back(grad, c, scale, &shape, to);
}

Status norm_grad_channels(Grad *grad, const NormCase *c, int64_t own) {
  const Shape *data = &grad->run.in[0]->shape;
  const float *scales = grad->run.in[1]->data;
  int64_t count = tensor_elements(grad->run.in[1]), each = own * shape_product(data, 2, data->rank);
  float *scale = floats_new(&grad->run, count * each);
  if (scale == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < count * each; i++) scale[i] = scales[i / each];
  return norm_back(grad, c, scale, &SHAPE(count, each), (const Shape[]){SHAPE(count, 1), SHAPE(count, 1)});
}
