#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return sin(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_sin, cos(x))

const Op op_Sin = {.name = "Sin",
                   .brief = "The sine of x in radians.",
                   .versions = {{7, unary_infer, run_plain, NULL, grad_sin}},
                   UNARY_PORTS(ELEMENTS_FLOAT),
                   .role = ROLE_TABLE,
                   .samples = {{"f32[2,3,4](-9,9)", ""}}};
