#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return acos(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD_REAL(grad_acos, -1 / sqrt(1 - x * x))

const Op op_Acos = {.name = "Acos",
                    .brief = "The arccosine, in radians.",
                    .versions = {{7, unary_infer, run_plain, NULL, grad_acos}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](-1,1)", ""}, {"f32{2,nan}", ""}}};
