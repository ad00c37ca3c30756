#include "operators/reduce/reduce_grad.h"

#include <math.h>

static double real(const ReduceLine *line) {
  double result = 0;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    result += fabs(x);
  }
  return result;
}

static int64_t integer(const ReduceLine *line) {
  uint64_t result = 0;
  for (int64_t i = 0; i < line->count; i++) {
    uint64_t x = (uint64_t)reduce_integer(line, i);
    bool is_negative = element_in(line->tensor->type, ELEMENTS_SIGNED) && (int64_t)x < 0;
    result += is_negative ? 0 - x : x;
  }
  return (int64_t)result;
}

static const ReduceFunctions functions = {real, integer};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_SIGN_X, NULL};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceL1 = {.name = "ReduceL1",
                        .brief = "The sum of absolute values along axes.",
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
                                    {"f32[2,5,3], i64{1}", ""}}};
