#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  return x / (1 + exp(-unary_alpha(params) * x));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  float alpha = ((const UnaryParams *)params)->alpha;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] * sigmoid_f32(alpha * x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

static const AttributeRow attributes[] = {UNARY_ALPHA(1.0f), {0}};

static inline float derivative(float x, float alpha) {
  float gate = sigmoid_f32(alpha * x);
  return gate * (1.0f + alpha * x * (1.0f - gate));
}

UNARY_GRAD(grad_swish, derivative(x, ((const UnaryParams *)params)->alpha))

const Op op_Swish = {.name = "Swish",
                     .brief = "x * sigmoid(alpha * x).",
                     .versions = {{24, unary_infer, run_plain, run_fast, grad_swish}},
                     .attributes = attributes,
                     .params_bytes = sizeof(UnaryParams),
                     UNARY_PORTS(ELEMENTS_FLOAT),
                     .role = ROLE_TABLE,
                     .samples = {{"f32[2,3,4](-9,9)", ""}, {"f32[9]", "alpha=1.702"}}};
