#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return x * tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x))));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

const Op op_Mish = {.name = "Mish",
                    .brief = "x * tanh(log(1 + exp(x))).",
                    .versions = {{18, unary_infer, run_plain, NULL}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](-9,9)", ""}}};
