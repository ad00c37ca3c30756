#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return acosh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_acosh, 1 / sqrt(x * x - 1))

const Op op_Acosh = {.name = "Acosh",
                     .brief = "The inverse of the hyperbolic cosine.",
                     .versions = {{9, unary_infer, run_plain, NULL, grad_acosh}},
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4](1,9)", ""}, {"f32{0.5}", ""}}};
