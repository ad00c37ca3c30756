/* shared by the family: running sums and products along an axis. */
#include "operators/move/cumulative.h"

#include "operators/shape/content.h"

const AttributeRow cumulative_attributes[] = {
    ATTRIBUTE(CumulativeParams, exclusive, FIELD_BOOL),
    ATTRIBUTE(CumulativeParams, reverse, FIELD_BOOL),
    {0},
};

Status cumulative_infer(Infer *infer) {
  const InferValue *in = &infer->in[0], *axis_value = &infer->in[1];
  int64_t axis;
  int checked;
  if (axis_value->has_shape && shape_is_known(&axis_value->shape) && shape_elements(&axis_value->shape) != 1)
    return infer_fail(infer, "the axis is no single number");
  if (in->has_shape && known_int(infer, 1, &axis)) TRY(infer_axis(infer, axis, in->shape.rank, &checked));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  infer_set(infer, 0, in->type, &in->shape);
  return OK;
}

/* One line of `count` elements that are `stride` apart, in float64. */
static void float_line(Tensor *out, const Tensor *in, int64_t start, int64_t count, int64_t stride,
                       bool exclusive, bool is_product) {
  double total = is_product ? 1 : 0;
  for (int64_t i = 0, at = start; i < count; i++, at += stride) {
    double value = tensor_get(in, at), before = total;
    total = is_product ? total * value : total + value;
    tensor_set(out, at, exclusive ? before : total);
  }
}

/* The same in integers, which wrap. */
static void integer_line(Tensor *out, const Tensor *in, int64_t start, int64_t count, int64_t stride,
                         bool exclusive, bool is_product) {
  uint64_t total = is_product ? 1 : 0;
  for (int64_t i = 0, at = start; i < count; i++, at += stride) {
    uint64_t value = (uint64_t)tensor_get_integer(in, at), before = total;
    total = is_product ? total * value : total + value;
    tensor_set_integer(out, at, (int64_t)(exclusive ? before : total));
  }
}

static Status run_lines(Run *run, bool is_product) {
  const CumulativeParams *params = run->params;
  Tensor *out = run->out[0];
  int axis;
  int64_t given = tensor_get_integer(run->in[1], 0);
  if (!axis_normalize(given, out->shape.rank, &axis))
    return run_fail(run, "axis %lld is outside an input of %d dimensions", (long long)given, out->shape.rank);
  int64_t outer = shape_product(&out->shape, 0, axis), count = out->shape.dims[axis];
  int64_t inner = shape_product(&out->shape, axis + 1, out->shape.rank);
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++) {
      int64_t start = o * count * inner + i, stride = inner;
      if (params->reverse) {
        start += (count - 1) * inner;
        stride = -inner;
      }
      if (element_is_float(out->type))
        float_line(out, run->in[0], start, count, stride, params->exclusive, is_product);
      else
        integer_line(out, run->in[0], start, count, stride, params->exclusive, is_product);
    }
  return OK;
}

Status cumulative_sum_run(Run *run) {
  return run_lines(run, false);
}

Status cumulative_product_run(Run *run) {
  return run_lines(run, true);
}
