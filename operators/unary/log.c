#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return log(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD(grad_log, 1.0f / x)

const Op op_Log = {.name = "Log",
                   .brief = "The natural logarithm.",
                   .versions = {{1, unary_infer, run_plain, NULL, grad_log}},
                   UNARY_PORTS(ELEMENTS_FLOAT),
                   .role = ROLE_TABLE,
                   .samples = {{"f32[2,3,4](0.01,9)", ""}, {"f32[4]{0,-1,inf,nan}", ""}}};
