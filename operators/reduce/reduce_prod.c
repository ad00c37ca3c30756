#include "operators/reduce/reduce_grad.h"

#include "operators/reals.h"

static double real(const ReduceLine *line) {
  double result = 1;
  for (int64_t i = 0; i < line->count; i++) {
    double x = reduce_real(line, i);
    result *= x;
  }
  return result;
}

static int64_t integer(const ReduceLine *line) {
  uint64_t result = 1;
  for (int64_t i = 0; i < line->count; i++) {
    uint64_t x = (uint64_t)reduce_integer(line, i);
    result *= x;
  }
  return (int64_t)result;
}

static const ReduceFunctions functions = {real, integer};

static Status run_plain(Run *run) {
  return reduce_run(run, &functions);
}

/* ---- the way back: the product of the others, which a zero must not hide ---- */

typedef struct Products {
  double *product; /* by result: of what is not 0 */
  double *zeros;   /* how many */
} Products;

static Status products_new(Run *run, int64_t results, Products *p) {
  p->product = reals_new(run, results);
  p->zeros = reals_new(run, results);
  if (p->product == NULL || p->zeros == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < results; i++) {
    p->product[i] = 1;
    p->zeros[i] = 0;
  }
  return OK;
}

static void multiply_run(const Products *p, int64_t at, int64_t step, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++, at += step) {
    if (x[i] == 0.0f)
      p->zeros[at]++;
    else
      p->product[at] *= (double)x[i];
  }
}

static double product_of_others(const Products *p, int64_t at, double x) {
  double zeros = p->zeros[at] - (x == 0 ? 1 : 0);
  return zeros > 0 ? 0 : x == 0 ? p->product[at] : p->product[at] / x;
}

static Status back(Grad *grad) {
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data;
  ReduceWalk walk;
  Products p;
  BroadcastPlace at = {0}, again = {0};
  if (dx == NULL) return OK;
  TRY(reduce_walk(&grad->run, &walk));
  TRY(products_new(&grad->run, walk.results, &p));
  int64_t length = walk.plan.length, step = walk.plan.step[0];
  for (int64_t r = 0; r < walk.plan.runs; r++, broadcast_next(&walk.plan, &at))
    multiply_run(&p, at.offset[0], step, x + r * length, length);
  for (int64_t r = 0; r < walk.plan.runs; r++, broadcast_next(&walk.plan, &again))
    for (int64_t i = 0; i < length; i++) {
      int64_t from = again.offset[0] + i * step, to = r * length + i;
      dx[to] = (float)((double)dy[from] * product_of_others(&p, from, (double)x[to]));
    }
  return OK;
}

const Op op_ReduceProd = {.name = "ReduceProd",
                          .brief = "The product along axes.",
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
                                      {"f32[2,5,3], i64{1}", ""},
                                      {"f32[3,3]{0,2,3,0,0,-1,1,-2,3}, i64{-1}!", ""}}};
