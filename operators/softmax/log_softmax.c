#include "operators/softmax/softmax_rows.h"

#include <math.h>

static void log_softmax_row(double *x, int64_t count, int64_t step) {
  double most = x[0], sum = 0;
  for (int64_t i = 1; i < count; i++) most = fmax(most, x[i * step]);
  for (int64_t i = 0; i < count; i++) sum += exp(x[i * step] - most);
  for (int64_t i = 0; i < count; i++) x[i * step] = x[i * step] - most - log(sum);
}

static Status plain_log_softmax(Run *run) {
  return softmax_plain(run, log_softmax_row);
}

/* dx = dy - exp(y) * sum(dy) */
static void back(float *dx, const float *dy, const float *y, int64_t count, int64_t step) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)dy[i * step];
  for (int64_t i = 0; i < count; i++)
    dx[i * step] = (float)((double)dy[i * step] - exp((double)y[i * step]) * sum);
}

static Status grad_log_softmax(Grad *grad) {
  return softmax_grad(grad, back);
}

const Op op_LogSoftmax = {
    .name = "LogSoftmax",
    .brief = "Logarithm of Softmax.",
    .versions = {{13, softmax_infer, plain_log_softmax, NULL, grad_log_softmax},
                 {11, softmax_infer, plain_log_softmax, NULL, grad_log_softmax},
                 {1, softmax_infer, plain_log_softmax, NULL, grad_log_softmax}},
    .attributes = softmax_attributes,
    .params_bytes = sizeof(SoftmaxParams),
    .check = softmax_check,
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .axes = softmax_axes,
    .role = ROLE_FLOAT,
    .role_reason = "float only: its logarithm needs more than 8 bits",
    .samples = {{"f32[2,7]", ""}, {"f32[2,3,4]", "axis=1"}, {"f32[2,3,4]", "axis=1 opset=11"}},
};
