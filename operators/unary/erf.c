#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return erf(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = erf_f32(x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

/* 2 / sqrt(pi) exp(-x^2). */
UNARY_GRAD(grad_erf, 0x1.20dd76p0f * exp_below_f32(-x * x))

const Op op_Erf = {
    .name = "Erf",
    .brief = "The error function.",
    .versions = {{9, unary_infer, run_plain, run_fast, grad_erf}},
    UNARY_PORTS(ELEMENTS_NUMERIC),
    .role = ROLE_TABLE,
    .samples = {{"f32[2,3,4](-4,4)", ""}, {"f32[5]{0,nan,inf,-inf,-0.001}", ""}, {"i32[4]", ""}}};
