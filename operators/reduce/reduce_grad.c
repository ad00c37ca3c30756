/* shared by the family: gradients by the derivatives of the rows, run by run. */
#include "operators/reduce/reduce_grad.h"

#include "base/wide.h"
#include "operators/reals.h"
#include "operators/unary/exp_f32.h"

double reduce_share(double y, double count) {
  (void)y;
  return 1 / count;
}

Status reduce_walk(Run *run, ReduceWalk *walk) {
  const Shape *shape = &run->in[0]->shape;
  Shape kept;
  TRY(reduce_kept_shape(run, &kept));
  broadcast_plan(&walk->plan, shape, (const Shape *[]){&kept}, 1);
  walk->results = shape_elements(&kept);
  walk->count = walk->results == 0 ? 0 : (double)(shape_elements(shape) / walk->results);
  return OK;
}

/* ---- one run: `step` 0 is a piece of one line, 1 a piece of as many lines as it has elements ---- */

static inline float times_element(ReduceElement kind, float factor, float x, float y) {
  switch (kind) {
  case REDUCE_X:
    return factor * x;
  case REDUCE_SIGN_X:
    return x > 0.0f ? factor : x < 0.0f ? -factor : x * factor;
  case REDUCE_EXP:
    return factor * (x == y ? 1.0f : exp_below_f32(x - y));
  case REDUCE_PICKED:
    return x == y ? factor : 0.0f;
  default:
    return factor;
  }
}

static inline void back_run(ReduceElement kind, float *restrict dx, const float *restrict x,
                            const float *restrict factor, const float *restrict y, int64_t step, int64_t n) {
  if (step == 0)
    for (int64_t i = 0; i < n; i++) dx[i] = times_element(kind, *factor, x[i], *y);
  else
    for (int64_t i = 0; i < n; i++) dx[i] = times_element(kind, factor[i], x[i], y[i]);
}

/* The kind is settled outside of the loop. */
WIDE_LOOP static void back_of(ReduceElement kind, float *restrict dx, const float *restrict x,
                              const float *restrict factor, const float *restrict y, int64_t step,
                              int64_t n) {
  switch (kind) {
  case REDUCE_ONE:
    back_run(REDUCE_ONE, dx, x, factor, y, step, n);
    break;
  case REDUCE_X:
    back_run(REDUCE_X, dx, x, factor, y, step, n);
    break;
  case REDUCE_SIGN_X:
    back_run(REDUCE_SIGN_X, dx, x, factor, y, step, n);
    break;
  case REDUCE_EXP:
    back_run(REDUCE_EXP, dx, x, factor, y, step, n);
    break;
  case REDUCE_PICKED:
    back_run(REDUCE_PICKED, dx, x, factor, y, step, n);
    break;
  }
}

static void count_picked(double *count, const float *x, const float *y, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; i++) count[i * step] += x[i] == y[i * step] ? 1.0 : 0.0;
}

/* ---- the whole ---- */

/* How many elements each result was picked from; NULL where memory ran out. */
static const double *picked_of(Run *run, const ReduceWalk *walk) {
  double *count = reals_new(run, walk->results);
  const float *x = run->in[0]->data, *y = run->out[0]->data;
  BroadcastPlace at = {0};
  if (count == NULL) return NULL;
  for (int64_t i = 0; i < walk->results; i++) count[i] = 0;
  for (int64_t r = 0; r < walk->plan.runs; r++, broadcast_next(&walk->plan, &at))
    count_picked(count + at.offset[0], x + r * walk->plan.length, y + at.offset[0], walk->plan.step[0],
                 walk->plan.length);
  return count;
}

/* dy times the factor, of every result; NULL where memory ran out. */
static const float *factors_of(Grad *grad, const ReduceDerivative *derivative, const ReduceWalk *walk) {
  const float *dy = grad_of_output(grad, 0), *y = grad->run.out[0]->data;
  if (derivative->factor == NULL) return dy;
  bool is_picked = derivative->element == REDUCE_PICKED;
  const double *picked = is_picked ? picked_of(&grad->run, walk) : NULL;
  float *factors = floats_new(&grad->run, walk->results);
  if (factors == NULL || (is_picked && picked == NULL)) return NULL;
  for (int64_t i = 0; i < walk->results; i++)
    factors[i] =
        (float)((double)dy[i] * derivative->factor((double)y[i], is_picked ? picked[i] : walk->count));
  return factors;
}

Status reduce_grad(Grad *grad, const ReduceDerivative *derivative) {
  float *dx = grad_of_input(grad, 0);
  ReduceWalk walk;
  BroadcastPlace at = {0};
  if (dx == NULL) return OK;
  TRY(reduce_walk(&grad->run, &walk));
  const float *factors = factors_of(grad, derivative, &walk);
  if (factors == NULL) return fail_memory(grad->run.err);
  const float *x = grad->run.in[0]->data, *y = grad->run.out[0]->data;
  int64_t length = walk.plan.length;
  for (int64_t r = 0; r < walk.plan.runs; r++, broadcast_next(&walk.plan, &at))
    back_of(derivative->element, dx + r * length, x + r * length, factors + at.offset[0], y + at.offset[0],
            walk.plan.step[0], length);
  return OK;
}
