#include "base/wide.h"
#include "operators/softmax/softmax_rows.h"
#include "operators/unary/exp_f32.h"

#include <math.h>

static void softmax_row(double *x, int64_t count, int64_t step) {
  double most = x[0], sum = 0;
  for (int64_t i = 1; i < count; i++) most = fmax(most, x[i * step]);
  for (int64_t i = 0; i < count; i++) sum += x[i * step] = exp(x[i * step] - most);
  for (int64_t i = 0; i < count; i++) x[i * step] /= sum;
}

static Status plain_softmax(Run *run) {
  return softmax_plain(run, softmax_row);
}

#define LANES 8 /* sums that need not wait for one another */

static float largest_of(const float *x, int64_t count) {
  float most = x[0];
  for (int64_t i = 1; i < count; i++) most = x[i] > most ? x[i] : most;
  return most;
}

WIDE_LOOP static void exponentials(float *restrict out, const float *restrict x, int64_t count, float most) {
  for (int64_t i = 0; i < count; i++) out[i] = exp_below_f32(x[i] - most);
}

static double sum_of(const float *x, int64_t count) {
  double sums[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int l = 0; l < LANES; l++) sums[l] += (double)x[i + l];
  for (int l = 0; i < count; i++, l++) sums[l] += (double)x[i];
  for (int l = 1; l < LANES; l++) sums[0] += sums[l];
  return sums[0];
}

static Status fast_softmax(Run *run) {
  SoftmaxRows r = softmax_rows(run);
  if (run->in[0]->type != ELEMENT_FLOAT32 || r.step != 1) return plain_softmax(run);
  const float *x = run->in[0]->data;
  float *out = run->out[0]->data;
  for (int64_t row = 0; row < r.rows; row++, x += r.count, out += r.count) {
    exponentials(out, x, r.count, largest_of(x, r.count));
    float factor = (float)(1 / sum_of(out, r.count));
    for (int64_t i = 0; i < r.count; i++) out[i] *= factor;
  }
  return OK;
}

/* dx = y * (dy - sum(dy * y)) */
static void back(float *dx, const float *dy, const float *y, int64_t count, int64_t step) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)dy[i * step] * (double)y[i * step];
  for (int64_t i = 0; i < count; i++) dx[i * step] = y[i * step] * (dy[i * step] - (float)sum);
}

static Status grad_softmax(Grad *grad) {
  return softmax_grad(grad, back);
}

const Op op_Softmax = {
    .name = "Softmax",
    .brief = "Exponentials divided by their sum, along an axis (before opset 13: over all axes from it on).",
    .versions = {{13, softmax_infer, plain_softmax, fast_softmax, grad_softmax},
                 {11, softmax_infer, plain_softmax, fast_softmax, grad_softmax},
                 {1, softmax_infer, plain_softmax, fast_softmax, grad_softmax}},
    .attributes = softmax_attributes,
    .params_bytes = sizeof(SoftmaxParams),
    .check = softmax_check,
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .axes = softmax_axes,
    .role = ROLE_SOFTMAX,
    .samples = {{"f32[2,7]", ""},
                {"f32[2,3,4]", "axis=1"},
                {"f32[2,3,4]", "axis=1 opset=11"},
                {"f32[1,10](-40,40)", ""}},
};
