#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  return x < 0 ? unary_alpha(params) * expm1(x / unary_alpha(params)) : x;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  float alpha = ((const UnaryParams *)params)->alpha;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? alpha * expm1_f32(x[i] / alpha) : x[i];
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(1.0f), {0}};

UNARY_GRAD(grad_celu, x < 0.0f ? y / ((const UnaryParams *)params)->alpha + 1.0f : 1.0f)

const Op op_Celu = {.name = "Celu",
                    .brief = "x, or alpha * (exp(x / alpha) - 1) where x is negative.",
                    .versions = {{12, unary_infer, run_plain, run_fast, grad_celu}},
                    .attributes = attributes,
                    .params_bytes = sizeof(UnaryParams),
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", "alpha=2.0"}}};
