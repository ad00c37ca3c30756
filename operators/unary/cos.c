#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return cos(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_cos, -sin(x))

const Op op_Cos = {.name = "Cos",
                   .brief = "The cosine of x in radians.",
                   .versions = {{7, unary_infer, run_plain, NULL, grad_cos}},
                   UNARY_PORTS(ELEMENTS_FLOAT),
                   .role = ROLE_TABLE,
                   .samples = {{"f32[2,3,4](-9,9)", ""}}};
