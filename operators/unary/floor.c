#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return floor(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

const Op op_Floor = {.name = "Floor",
                     .brief = "The largest integer not above x.",
                     .versions = {{1, unary_infer, run_plain, NULL, grad_zero}},
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4]", ""}, {"f64[3]{-0.5,nan,1e300}", ""}}};
