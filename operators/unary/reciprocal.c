#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  (void)params;
  return 1 / x;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = 1.0f / x[i];
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_reciprocal, -y *y)

const Op op_Reciprocal = {.name = "Reciprocal",
                          .brief = "1 / x.",
                          .versions = {{1, unary_infer, run_plain, run_fast, grad_reciprocal}},
                          UNARY_PORTS(ELEMENTS_FLOAT),
                          .role = ROLE_TABLE,
                          .samples = {{"f32[2,3,4](0.1,4)", ""}, {"f32[3]{0,inf,nan}", ""}}};
