#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

UNARY_GRAD(grad_softplus, sigmoid_f32(x))

const Op op_Softplus = {.name = "Softplus",
                        .brief = "log(1 + exp(x)).",
                        .versions = {{1, unary_infer, run_plain, NULL, grad_softplus}},
                        UNARY_PORTS(ELEMENTS_FLOAT),
                        .role = ROLE_TABLE,
                        .samples = {{"f32[2,3,4](-30,30)", ""}, {"f64[3]{800,-800,0}", ""}}};
