#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return atan(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_atan, 1 / (1 + x * x))

const Op op_Atan = {.name = "Atan",
                    .brief = "The arctangent, in radians.",
                    .versions = {{7, unary_infer, run_plain, NULL, grad_atan}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](-9,9)", ""}, {"f32{inf,-inf}", ""}}};
