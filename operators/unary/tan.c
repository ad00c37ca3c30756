#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return tan(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_tan, 1 + y * y)

const Op op_Tan = {.name = "Tan",
                   .brief = "The tangent of x in radians.",
                   .versions = {{7, unary_infer, run_plain, NULL, grad_tan}},
                   UNARY_PORTS(ELEMENTS_FLOAT),
                   .role = ROLE_TABLE,
                   .samples = {{"f32[2,3,4](-1.5,1.5)", ""}}};
