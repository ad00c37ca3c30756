/* shared by the family: indices of extreme elements. */
#include "operators/reduce/arg.h"

const AttributeRow arg_attributes[] = {ATTRIBUTE(ArgParams, axis, FIELD_INT, .otherwise = 0),
                                       ATTRIBUTE(ArgParams, keepdims, FIELD_BOOL, .otherwise = 1),
                                       ATTRIBUTE(ArgParams, select_last_index, FIELD_BOOL, .otherwise = 0),
                                       {0}};

static Shape without_axis(const Shape *shape, int axis, bool keepdims) {
  Shape result = {0};
  for (int d = 0; d < shape->rank; d++)
    if (d != axis)
      result.dims[result.rank++] = shape->dims[d];
    else if (keepdims)
      result.dims[result.rank++] = 1;
  return result;
}

Status arg_infer(Infer *infer) {
  const ArgParams *params = infer->params;
  const InferValue *data = &infer->in[0];
  int axis;
  infer->out[0].type = ELEMENT_INT64;
  if (!data->has_shape) return OK;
  if (!axis_normalize(params->axis, data->shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside the %d dimensions of the input", (long long)params->axis,
                      data->shape.rank);
  if (data->shape.dims[axis] == 0) return infer_fail(infer, "there are no elements along axis %d", axis);
  Shape shape = without_axis(&data->shape, axis, params->keepdims);
  infer_set(infer, 0, ELEMENT_INT64, &shape);
  return OK;
}

/* Below 0, 0 or above 0 as element i is less than, equal to or greater than element k; NaN is beyond all. */
static int compare(const Tensor *x, int64_t i, int64_t k, bool least) {
  if (x->type == ELEMENT_UINT64) {
    uint64_t a = ((const uint64_t *)x->data)[i], b = ((const uint64_t *)x->data)[k];
    return (a > b) - (a < b);
  }
  if (element_is_integer(x->type)) {
    int64_t a = tensor_get_integer(x, i), b = tensor_get_integer(x, k);
    return (a > b) - (a < b);
  }
  double a = tensor_get(x, i), b = tensor_get(x, k);
  int nan_wins = least ? -1 : 1;
  if (a != a || b != b) return ((a != a) - (b != b)) * nan_wins;
  return (a > b) - (a < b);
}

static int64_t best_of_line(const Tensor *x, int64_t base, int64_t count, int64_t stride, bool least,
                            bool last) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; i++) {
    int order = compare(x, base + i * stride, base + best * stride, least);
    if (least) order = -order;
    if (order > 0 || (order == 0 && last)) best = i;
  }
  return best;
}

Status arg_run(Run *run, bool least) {
  const ArgParams *params = run->params;
  const Tensor *x = run->in[0];
  int axis = 0;
  if (!axis_normalize(params->axis, x->shape.rank, &axis))
    return run_fail(run, "the axis is outside the rank");
  int64_t outer = shape_product(&x->shape, 0, axis), count = x->shape.dims[axis];
  int64_t inner = shape_product(&x->shape, axis + 1, x->shape.rank);
  int64_t *y = run->out[0]->data;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++)
      *y++ = best_of_line(x, o * count * inner + i, count, inner, least, params->select_last_index);
  return OK;
}
