#include "operators/unary/unary.h"

#include <math.h>

static double real(double x, const void *params) {
  (void)params;
  return sqrt(x);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, NULL);
}

static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = sqrtf(x[i]);
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

UNARY_GRAD(grad_sqrt, 0.5f / y)

const Op op_Sqrt = {.name = "Sqrt",
                    .brief = "The square root.",
                    .versions = {{1, unary_infer, run_plain, run_fast, grad_sqrt}},
                    UNARY_PORTS(ELEMENTS_FLOAT),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4](0,9)", ""}, {"f32[4]{-1,inf,nan,0}", ""}}};
