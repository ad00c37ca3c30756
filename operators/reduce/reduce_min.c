#include "operators/reduce/reduce_grad.h"

#include <math.h>

static double real(const ReduceLine *line) {
  double result = (double)INFINITY;
  if (line->count == 0 && line->tensor->type == ELEMENT_BOOL) return true;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    if (x < result || isnan(x)) result = x;
    if (isnan(x)) break;
  }
  return result;
}

static int64_t integer(const ReduceLine *line) {
  int64_t result = reduce_integer(line, 0);
  for (int64_t i = 1; i < line->count; i++) {
    int64_t x = reduce_integer(line, i);
    bool is_unsigned = line->tensor->type == ELEMENT_UINT64;
    if (is_unsigned ? (uint64_t)x < (uint64_t)result : x < result) result = x;
  }
  return result;
}

static const ReduceFunctions functions = {real, integer};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

static void loop(float *y, const float *x, int64_t middle, int64_t inner) {
  for (int64_t i = 0; i < inner; i++) y[i] = x[i];
  for (int64_t m = 1; m < middle; m++)
    for (int64_t i = 0; i < inner; i++) {
      float a = y[i], b = x[m * inner + i];
      y[i] = a < b || a != a ? a : b;
    }
}

static Status run_fast(Run *run) {
  return reduce_fast(run, loop);
}

/* Equal elements share. */
static Status back(Grad *grad) {
  static const ReduceDerivative derivative = {REDUCE_PICKED, reduce_share};
  return reduce_grad(grad, &derivative);
}

const Op op_ReduceMin = {.name = "ReduceMin",
                         .brief = "The smallest element along axes; NaN wins.",
                         .versions = {{1, reduce_infer, run_plain, run_fast, back}},
                         REDUCE_PORTS(REDUCE_TYPES | ELEMENT_BIT(ELEMENT_INT8) | ELEMENT_BIT(ELEMENT_UINT8) |
                                      ELEMENT_BIT(ELEMENT_BOOL)),
                         .role = ROLE_SAME_SCALE,
                         .samples = {{"f32[2,3,4]", "axes=[1] opset=11"},
                                     {"f32[2,3,4], i64{-1,0}!", "keepdims=0"},
                                     {"f32[2,3,4]", ""},
                                     {"f32[2,0,3], i64{1}!", ""},
                                     {"f32[2,3]{1,nan,3,-inf,2,inf}, i64{1}!", ""},
                                     {"i8[2,3], i64{1}!", ""},
                                     {"bool[3,4], i64{1}!", ""},
                                     {"u64{18446744073709551615,3}", ""}}};
