#include "operators/unary/exp_f32.h"
#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return 1 / (1 + exp(-x));
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = sigmoid_f32(x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_sigmoid, y *(1.0f - y))

const Op op_Sigmoid = {
    .name = "Sigmoid",
    .brief = "1 / (1 + exp(-x)).",
    .versions = {{1, unary_infer, run_plain, run_fast, grad_sigmoid}},
    UNARY_PORTS(ELEMENTS_FLOAT),
    .role = ROLE_TABLE,
    .samples = {{"f32[2,3,4](-12,12)", ""}, {"f32[6]{0,nan,inf,-inf,90,-90}", ""}, {"f64[5]", ""}}};
