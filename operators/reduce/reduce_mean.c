#include "operators/reduce/reduce_grad.h"

static double real(const ReduceLine *line) {
  double sum = 0;
  for (int64_t i = 0; i < line->count; i++) sum += reduce_real(line, i);
  return sum / (double)line->count;
}

static const ReduceFunctions functions = {real, NULL};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

static void loop(float *y, const float *x, int64_t middle, int64_t inner) {
  reduce_sum_loop(y, x, middle, inner, 1.0 / (double)middle);
}

static Status run_fast(Run *run) {
  return reduce_fast(run, loop);
}

static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_ONE, reduce_share};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceMean = {.name = "ReduceMean",
                          .brief = "The mean along axes.",
                          .versions = {{1, reduce_infer, run_plain, run_fast, back}},
                          REDUCE_PORTS(REDUCE_TYPES),
                          .role = ROLE_AVERAGE,
                          .samples = {{"f32[2,3,4]", "axes=[1] opset=11"},
                                      {"f32[2,3,4], i64{-1,0}!", "keepdims=0"},
                                      {"f32[2,3,4]", ""},
                                      {"f32[2,3], -", "noop_with_empty_axes=1"},
                                      {"f32[2,0,3], i64{1}!", ""},
                                      {"i32[2,3], i64{1}!", ""},
                                      {"f32[1,5,1,3], i64{0,1,3}!", ""},
                                      {"f32[2,70,66], i64{1}", ""}}};
