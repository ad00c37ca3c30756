#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  (void)params;
  return -x;
}

static int64_t integer(int64_t x, const void *params) {
  (void)params;
  return (int64_t)(0 - (uint64_t)x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, integer);
}

static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = -x[i];
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_neg, -1.0f)

const Op op_Neg = {
    .name = "Neg",
    .brief = "-x.",
    .versions = {{1, unary_infer, run_plain, run_fast, grad_neg}},
    UNARY_PORTS(ELEMENTS_FLOAT | ELEMENTS_SIGNED),
    .role = ROLE_TABLE,
    .samples = {{"f32[2,3,4]", ""}, {"i8{-128,5}", ""}, {"i64{-9223372036854775807,9007199254740993}", ""}}};
