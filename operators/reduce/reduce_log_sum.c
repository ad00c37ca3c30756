#include "operators/reduce/reduce_grad.h"

#include <math.h>

static double real(const ReduceLine *line) {
  double result = 0;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    result += x;
  }
  return log(result);
}

static const ReduceFunctions functions = {real, NULL};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

static double inverse_sum(double y, double count) {
  (void)count;
  return exp(-y);
}

static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_ONE, inverse_sum};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceLogSum = {.name = "ReduceLogSum",
                            .brief = "The logarithm of the sum along axes.",
                            .versions = {{1, reduce_infer, run_plain, NULL, back}},
                            REDUCE_PORTS(REDUCE_TYPES),
                            .role = ROLE_FLOAT,
                            .role_reason = "float only: the runtime has no integer form of this reduction",
                            .samples = {{"f32[2,3,4]", "axes=[1] opset=11"},
                                        {"f32[2,3,4], i64{-1,0}!", "keepdims=0"},
                                        {"f32[2,3,4]", ""},
                                        {"f32[2,3], -", "noop_with_empty_axes=1"},
                                        {"f32[2,0,3], i64{1}!", ""},
                                        {"i32[2,3], i64{1}!", ""},
                                        {"f32[2,5,3](0.1,2), i64{1}", ""},
                                        {"f32[2,3,4](0.1,2), i64{-1,0}!", "keepdims=0"}}};
