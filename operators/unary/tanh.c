#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return tanh(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = tanh_f32(x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_tanh, 1.0f - y * y)

const Op op_Tanh = {
    .name = "Tanh",
    .brief = "The hyperbolic tangent.",
    .versions = {{1, unary_infer, run_plain, run_fast, grad_tanh}},
    UNARY_PORTS(ELEMENTS_FLOAT),
    .role = ROLE_TABLE,
    .samples = {{"f32[2,3,4]", ""}, {"f32[6]{0,nan,inf,-inf,0.001,-20}", ""}, {"bf16[5]", ""}}};
