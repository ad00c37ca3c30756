#include "operators/axes.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return isnan(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

const Op op_IsNaN = {.name = "IsNaN",
                     .brief = "Whether x is not a number.",
                     .versions = {{9, unary_infer_bool, run_plain, NULL}},
                     .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[...]"}},
                     .outputs = {{"Y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_BOOL), "[...]"}},
                     .grad_reason = "not differentiable: the result is a truth value",
                     .axes = axes_elementwise,
                     .role = ROLE_INDEX,
                     .samples = {{"f32{nan,1,inf}", ""}, {"f16[2,3]", ""}}};
