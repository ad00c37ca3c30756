#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  return x < 0 ? unary_alpha(params) * expm1(x / unary_alpha(params)) : x;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(1.0f), {0}};

const Op op_Celu = {.name = "Celu",
                    .brief = "x, or alpha * (exp(x / alpha) - 1) where x is negative.",
                    .versions = {{12, unary_infer, run_plain, NULL}},
                    .attributes = attributes,
                    .params_bytes = sizeof(UnaryParams),
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", "alpha=2.0"}}};
