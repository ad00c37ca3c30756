#include "operators/reduce/reduce_grad.h"

#include <math.h>

static double real(const ReduceLine *line) {
  double most = -(double)INFINITY, sum = 0;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    if (isnan(x)) return x;
    if (x > most) most = x;
  }
  if (isinf(most)) return most; /* also of no elements */
  for (int64_t i = 0; i < line->count; i++) sum += exp(reduce_real(line, i) - most);
  return most + log(sum);
}

static const ReduceFunctions functions = {real, NULL};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

/* A line of nothing but -inf has no direction. */
static double unless_empty(double y, double count) {
  (void)count;
  return y == -(double)INFINITY ? 0 : 1;
}

static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_EXP, unless_empty};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceLogSumExp = {.name = "ReduceLogSumExp",
                               .brief = "The logarithm of the sum of exponentials along axes.",
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
