#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  (void)params;
  double gate = x / 6 + 0.5;
  return x * (gate < 0 ? 0 : gate > 1 ? 1 : gate);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) {
    float line = x[i] * (1.0f / 6.0f) + 0.5f, low = line < 0.0f ? 0.0f : line;
    y[i] = x[i] * (low > 1.0f ? 1.0f : low);
  }
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_hard_swish, x<-3.0f ? 0.0f : x> 3.0f ? 1.0f : x *(1.0f / 3.0f) + 0.5f)

const Op op_HardSwish = {.name = "HardSwish",
                         .brief = "x * max(0, min(1, x / 6 + 1 / 2)).",
                         .versions = {{14, unary_infer, run_plain, run_fast, grad_hard_swish}},
                         UNARY_PORTS(ELEMENTS_FLOAT),
                         .role = ROLE_TABLE,
                         .samples = {{"f32[2,3,4](-5,5)", ""}, {"f32[4]{-3,3,nan,0}", ""}}};
