#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return atanh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_atanh, 1 / (1 - x * x))

const Op op_Atanh = {.name = "Atanh",
                     .brief = "The inverse of the hyperbolic tangent.",
                     .versions = {{9, unary_infer, run_plain, NULL, grad_atanh}},
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4](-1,1)", ""}, {"f32{1,-1,2}", ""}}};
