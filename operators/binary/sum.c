#include "operators/axes.h"
#include "operators/binary/binary.h"

static double real(double a, double b) {
  return a + b;
}

static const BinaryFunctions functions = {real, NULL, NULL};

static Status run_plain(Run *run) {
  return variadic_run(run, &functions);
}

BINARY_LOOP(loop, a + b)

static Status run_fast(Run *run) {
  return variadic_fast(run, loop);
}

static OpRole role_of(const Node *node, const char **reason) {
  return variadic_role(node, ROLE_SUM, reason);
}

static Status grad_sum(Grad *grad) {
  return variadic_grad_sum(grad, 1);
}

const Op op_Sum = {.name = "Sum",
                   .brief = "The sum of all operands.",
                   .versions = {{1, variadic_infer, run_plain, run_fast, grad_sum}},
                   .inputs = {{"data_0", PORT_VARIADIC, ELEMENTS_FLOAT, "[...]"}},
                   .outputs = {{"sum", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
                   .axes = axes_elementwise,
                   .role = ROLE_SUM,
                   .role_of = role_of,
                   .samples = {{"f32[2,3,4], f32[2,3,4]", ""},
                               {"f32[2,3,4], f32[3,1], f32[]", ""},
                               {"f32[2,3]", ""},
                               {"f64[3], f64[2,3]", ""}}};
