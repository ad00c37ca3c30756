#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return asinh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_asinh, 1 / sqrt(x * x + 1))

const Op op_Asinh = {.name = "Asinh",
                     .brief = "The inverse of the hyperbolic sine.",
                     .versions = {{9, unary_infer, run_plain, NULL, grad_asinh}},
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4]", ""}}};
