#include "operators/shape/content.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return fabs(x);
}

static int64_t integer(int64_t x, const void *params) {
  (void)params;
  return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

static Status run_plain(Run *run) {
  if (!element_in(run->in[0]->type, ELEMENTS_UNSIGNED)) return unary_run(run, real, integer);
  return run_copy(run);
}

static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = fabsf(x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_abs, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f)

const Op op_Abs = {.name = "Abs",
                   .brief = "The absolute value.",
                   .versions = {{1, unary_infer, run_plain, run_fast, grad_abs}},
                   UNARY_PORTS(ELEMENTS_NUMERIC),
                   .role = ROLE_TABLE,
                   .samples = {{"f32[2,3,4]", ""},
                               {"i8{-128,5}", ""},
                               {"u64{18446744073709551615,3}", ""},
                               {"i64{-9007199254740993}", ""}}};
