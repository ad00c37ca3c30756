#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  double y = unary_alpha(params) * x + unary_beta(params);
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  float alpha = ((const UnaryParams *)params)->alpha;
  float beta = ((const UnaryParams *)params)->beta;
  for (int64_t i = 0; i < n; i++) {
    float line = alpha * x[i] + beta, low = line < 0.0f ? 0.0f : line;
    y[i] = low > 1.0f ? 1.0f : low;
  }
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(0.2f), UNARY_BETA(0.5f), {0}};

UNARY_GRAD(grad_hard_sigmoid, y > 0.0f && y < 1.0f ? ((const UnaryParams *)params)->alpha : 0.0f)

const Op op_HardSigmoid = {.name = "HardSigmoid",
                           .brief = "max(0, min(1, alpha * x + beta)).",
                           .versions = {{1, unary_infer, run_plain, run_fast, grad_hard_sigmoid}},
                           .attributes = attributes,
                           .params_bytes = sizeof(UnaryParams),
                           UNARY_PORTS(ELEMENTS_FLOAT),
                           .role = ROLE_TABLE,
                           .samples = {{"f32[2,3,4](-4,4)", ""},
                                       {"f32[9](-9,9)", "alpha=0.1666 beta=0.6"},
                                       {"f32[3]{nan,inf,-inf}", ""}}};
