#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  return x < 0 ? unary_alpha(params) * x : x;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  float alpha = ((const UnaryParams *)params)->alpha;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? alpha * x[i] : x[i];
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(0.01f), {0}};

UNARY_GRAD(grad_leaky_relu, x < 0.0f ? ((const UnaryParams *)params)->alpha : 1.0f)

const Op op_LeakyRelu = {.name = "LeakyRelu",
                         .brief = "x, or alpha * x where x is negative.",
                         .versions = {{1, unary_infer, run_plain, run_fast, grad_leaky_relu}},
                         .attributes = attributes,
                         .params_bytes = sizeof(UnaryParams),
                         UNARY_PORTS(ELEMENTS_FLOAT),
                         .role = ROLE_TABLE,
                         .samples = {{"f32[2,3,4]", ""}, {"f32[2,9]", "alpha=0.25"}, {"f64[4]", ""}}};
