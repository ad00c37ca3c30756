#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return nearbyint(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

const Op op_Round = {.name = "Round",
                     .brief = "The nearest integer, the even one of two.",
                     .versions = {{11, unary_infer, run_plain, NULL, grad_zero}},
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4]", ""}, {"f32[6]{0.5,1.5,2.5,-0.5,-1.5,nan}", ""}}};
