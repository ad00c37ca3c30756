#include "operators/axes.h"
#include "operators/binary/binary.h"

static double real(double a, double b) {
  return a + b;
}

static const BinaryFunctions functions = {real, NULL, NULL};

static Status run_plain(Run *run) {
  TRY(variadic_run(run, &functions));
  Tensor *out = run->out[0];
  int64_t n = tensor_elements(out);
  for (int64_t i = 0; i < n; i++) tensor_set(out, i, tensor_get(out, i) / run->input_count);
  return OK;
}

static Status grad_mean(Grad *grad) {
  return variadic_grad_sum(grad, 1.0f / (float)grad->run.input_count);
}

const Op op_Mean = {
    .name = "Mean",
    .brief = "The mean of all operands, element by element.",
    .versions = {{1, variadic_infer, run_plain, NULL, grad_mean}},
    .inputs = {{"data_0", PORT_VARIADIC, ELEMENTS_FLOAT, "[...]"}},
    .outputs = {{"mean", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
    .axes = axes_elementwise,
    .role = ROLE_FLOAT,
    .role_reason = "float only: the runtime has no mean of several tensors",
    .samples = {{"f32[2,3,4], f32[2,3,4]", ""}, {"f32[2,3,4], f32[3,1], f32[]", ""}, {"f64[3]", ""}}};
