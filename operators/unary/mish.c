#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return x * tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x))));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) {
    /* tanh(log(1 + e)) is e (e + 2) / (e (e + 2) + 2), which is 1 from 20 on */
    float e = exp_f32(x[i] > 20.0f ? 20.0f : x[i]);
    float product = e * (e + 2.0f);
    y[i] = x[i] * (product / (product + 2.0f));
  }
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

/* t + x (1 - t^2) sigmoid(x), t = tanh(log(1 + exp(x))) as above. */
static inline float derivative(float x) {
  float e = exp_f32(x > 20.0f ? 20.0f : x);
  float product = e * (e + 2.0f), t = product / (product + 2.0f);
  return t + x * (1.0f - t * t) * (e / (1.0f + e));
}

UNARY_GRAD(grad_mish, derivative(x))

const Op op_Mish = {.name = "Mish",
                    .brief = "x * tanh(log(1 + exp(x))).",
                    .versions = {{18, unary_infer, run_plain, run_fast, grad_mish}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](-9,9)", ""}, {"f32{-100,30,nan,inf}", ""}}};
