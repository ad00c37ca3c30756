#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return x / (1 + fabs(x));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] / (1.0f + fabsf(x[i]));
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_softsign, 1.0f / ((1.0f + fabsf(x)) * (1.0f + fabsf(x))))

const Op op_Softsign = {.name = "Softsign",
                        .brief = "x / (1 + |x|).",
                        .versions = {{1, unary_infer, run_plain, run_fast, grad_softsign}},
                        UNARY_PORTS(ELEMENTS_FLOAT),
                        .role = ROLE_TABLE,
                        .samples = {{"f32[2,3,4]", ""}}};
