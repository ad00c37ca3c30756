#include "operators/gradient.h"
#include "operators/softmax/softmax_rows.h"

static void hardmax_row(double *x, int64_t count, int64_t step) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; i++)
    if (x[i * step] > x[best * step]) best = i;
  for (int64_t i = 0; i < count; i++) x[i * step] = i == best;
}

static Status plain_hardmax(Run *run) {
  return softmax_plain(run, hardmax_row);
}

const Op op_Hardmax = {
    .name = "Hardmax",
    .brief = "One at the first largest element along an axis, zero elsewhere.",
    .versions = {{13, softmax_infer, plain_hardmax, NULL, grad_zero},
                 {11, softmax_infer, plain_hardmax, NULL, grad_zero},
                 {1, softmax_infer, plain_hardmax, NULL, grad_zero}},
    .attributes = softmax_attributes,
    .params_bytes = sizeof(SoftmaxParams),
    .check = softmax_check,
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "float only: a change of one code would move its only one",
    .samples = {{"f32[2,7]", ""}, {"f32[2,3,4]", "axis=1"}, {"f32[2,3,4]", "axis=1 opset=11"}},
};
