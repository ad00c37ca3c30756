/* shared by the family: axis, inference and the loop over rows. */
#include "operators/softmax/softmax_rows.h"

#include "operators/gradient.h"

#define AXIS_NOT_GIVEN INT64_MIN

const AttributeRow softmax_attributes[] = {
    ATTRIBUTE(SoftmaxParams, axis, FIELD_INT, .otherwise = AXIS_NOT_GIVEN), {0}};

Status softmax_check(const Node *node, void *params, Error *err) {
  SoftmaxParams *p = params;
  (void)err;
  if (p->axis == AXIS_NOT_GIVEN) p->axis = node->version->since >= SOFTMAX_SINCE_ALONG ? -1 : 1;
  return OK;
}

Status softmax_infer(Infer *infer) {
  const SoftmaxParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  int axis;
  if (data->has_shape && !axis_normalize(params->axis, data->shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside of %d axes", (long long)params->axis, data->shape.rank);
  return infer_same(infer);
}

SoftmaxRows softmax_rows(const Run *run) {
  const SoftmaxParams *params = run->params;
  const Shape *shape = &run->in[0]->shape;
  int axis;
  axis_normalize(params->axis, shape->rank, &axis);
  bool along = run->node->version->since >= SOFTMAX_SINCE_ALONG;
  SoftmaxRows r = {.step = along ? shape_product(shape, axis + 1, shape->rank) : 1,
                   .count = along ? shape->dims[axis] : shape_product(shape, axis, shape->rank)};
  r.rows = shape_product(shape, 0, axis) * r.step;
  if (r.count == 0) r.rows = 0;
  return r;
}

Status softmax_plain(Run *run, SoftmaxRow compute) {
  SoftmaxRows r = softmax_rows(run);
  int64_t count = tensor_elements(run->in[0]);
  double *x = reals_new(run, count);
  if (x == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < count; i++) x[i] = tensor_get(run->in[0], i);
  for (int64_t row = 0; row < r.rows; row++) compute(x + softmax_start(&r, row), r.count, r.step);
  for (int64_t i = 0; i < count; i++) tensor_set(run->out[0], i, x[i]);
  return OK;
}

Status softmax_grad(Grad *grad, SoftmaxBack back) {
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0), *y = grad->run.out[0]->data;
  if (dx == NULL) return OK;
  SoftmaxRows r = softmax_rows(&grad->run);
  for (int64_t row = 0; row < r.rows; row++) {
    int64_t start = softmax_start(&r, row);
    back(dx + start, dy + start, y + start, r.count, r.step);
  }
  return OK;
}

void softmax_axes(AxisRules *rules) {
  const Value *x = rules_in(rules, 0);
  int axis;
  if (!x->has_shape || !axis_normalize(((const SoftmaxParams *)rules->params)->axis, x->shape.rank, &axis))
    return;
  bool along = rules->node->version->since >= SOFTMAX_SINCE_ALONG;
  for (int d = 0; d < x->shape.rank; d++) {
    if (d == axis || (!along && d > axis))
      axis_stop(rules, x, d, "makes them sum up to one");
    else
      axis_same(rules, x, d, rules_out(rules, 0), d);
  }
}
