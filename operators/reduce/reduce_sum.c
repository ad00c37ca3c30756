#include "operators/reduce/reduce_grad.h"

static double real(const ReduceLine *line) {
  double result = 0;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    result += x;
  }
  return result;
}

static int64_t integer(const ReduceLine *line) {
  uint64_t result = 0;
  for (int64_t i = 0; i < line->count; i++) {
    uint64_t x = (uint64_t)reduce_integer(line, i);
    result += x;
  }
  return (int64_t)result;
}

static const ReduceFunctions functions = {real, integer};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

static void loop(float *y, const float *x, int64_t middle, int64_t inner) {
  reduce_sum_loop(y, x, middle, inner, 1.0);
}

static Status run_fast(Run *run) {
  return reduce_fast(run, loop);
}

static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_ONE, NULL};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceSum = {.name = "ReduceSum",
                         .brief = "The sum along axes.",
                         .versions = {{1, reduce_infer, run_plain, run_fast, back}},
                         REDUCE_PORTS(REDUCE_TYPES),
                         .role = ROLE_AVERAGE,
                         .samples = {{"f32[2,3,4]", "axes=[1] opset=11"},
                                     {"f32[2,3,4], i64{-1,0}!", "keepdims=0"},
                                     {"f32[2,3,4]", ""},
                                     {"f32[2,3], -", "noop_with_empty_axes=1"},
                                     {"f32[2,0,3], i64{1}!", ""},
                                     {"i32[2,3], i64{1}!", ""},
                                     {"f32[2,5,3], i64{1}", ""},
                                     {"f32[2,3], i64[0]!", "keepdims=0"}}};
