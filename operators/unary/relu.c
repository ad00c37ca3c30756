#include "operators/gradient.h"
#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  (void)params;
  return x < 0 ? 0 : x;
}

static int64_t integer(int64_t x, const void *params) {
  (void)params;
  return x < 0 ? 0 : x;
}

static Status run_plain(Run *run) {
  return unary_run(run, real, integer);
}

WIDE_LOOP static void loop(float *restrict y, const float *restrict x, int64_t n, const void *params) {
  (void)params;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

static Status run_fast(Run *run) {
  return unary_fast(run, loop);
}

WIDE_LOOP static void grad_loop(float *restrict dx, const float *restrict dy, const float *restrict x,
                                const float *restrict y, int64_t n, const void *params) {
  (void)x;
  (void)params;
  for (int64_t i = 0; i < n; i++) dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

static Status grad_relu(Grad *grad) {
  return grad_elementwise_fast(grad, grad_loop);
}

const Op op_Relu = {.name = "Relu",
                    .brief = "x, or 0 where x is negative.",
                    .versions = {{1, unary_infer, run_plain, run_fast, grad_relu}},
                    UNARY_PORTS(ELEMENTS_FLOAT | ELEMENTS_SIGNED),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", ""},
                                {"f32[7]{-1,0,2,nan,inf,-inf,-0.0}", ""},
                                {"i8[5]", ""},
                                {"i64{-9223372036854775807,9007199254740993}", ""},
                                {"f16[3]", ""}}};
