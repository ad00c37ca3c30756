#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return cosh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_cosh, sinh(x))

const Op op_Cosh = {.name = "Cosh",
                    .brief = "The hyperbolic cosine.",
                    .versions = {{9, unary_infer, run_plain, NULL, grad_cosh}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", ""}}};
