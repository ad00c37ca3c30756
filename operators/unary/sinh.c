#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return sinh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_sinh, cosh(x))

const Op op_Sinh = {.name = "Sinh",
                    .brief = "The hyperbolic sine.",
                    .versions = {{9, unary_infer, run_plain, NULL, grad_sinh}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", ""}}};
