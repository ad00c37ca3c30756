/* shared by the family: running sums and products along an axis. */
#include "operators/move/cumulative.h"

#include "operators/gradient.h"
#include "operators/reals.h"
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

/* Lines along the axis: `outer` times `inner` of them, of `count` elements that are `stride` apart. */
typedef struct Lines {
  int64_t outer, inner, count, stride;
  int64_t first; /* of a line, from where its first in memory is: its last where it is run backwards */
} Lines;

static Status find_lines(Run *run, Lines *lines) {
  const Shape *shape = &run->in[0]->shape;
  int axis;
  int64_t given = tensor_get_integer(run->in[1], 0);
  if (!axis_normalize(given, shape->rank, &axis))
    return run_fail(run, "axis %lld is outside an input of %d dimensions", (long long)given, shape->rank);
  bool reverse = ((const CumulativeParams *)run->params)->reverse;
  lines->outer = shape_product(shape, 0, axis);
  lines->count = shape->dims[axis];
  lines->inner = shape_product(shape, axis + 1, shape->rank);
  lines->stride = reverse ? -lines->inner : lines->inner;
  lines->first = reverse ? (lines->count - 1) * lines->inner : 0;
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
  bool exclusive = ((const CumulativeParams *)run->params)->exclusive;
  Tensor *out = run->out[0];
  Lines lines;
  TRY(find_lines(run, &lines));
  for (int64_t o = 0; o < lines.outer; o++)
    for (int64_t i = 0; i < lines.inner; i++) {
      int64_t start = o * lines.count * lines.inner + i + lines.first;
      if (element_is_float(out->type))
        float_line(out, run->in[0], start, lines.count, lines.stride, exclusive, is_product);
      else
        integer_line(out, run->in[0], start, lines.count, lines.stride, exclusive, is_product);
    }
  return OK;
}

Status cumulative_sum_run(Run *run) {
  return run_lines(run, false);
}

Status cumulative_product_run(Run *run) {
  return run_lines(run, true);
}

/* ---- the way back through products ---- */

/* dx of element j is what stands before it times what lies behind: the sum over i >= j of dy[i] times the
   elements between j and i. From the last element on that sum is dy[j] + x[j + 1] * (the sum of j + 1);
   nothing is divided, so zeros are elements like others. `before`: room for a line. */
static void back_line(float *dx, const float *dy, const float *x, const Lines *lines, bool exclusive,
                      double *before) {
  int64_t stride = lines->stride;
  double product = 1, behind = 0;
  for (int64_t j = 0; j < lines->count; j++) {
    before[j] = product;
    product *= (double)x[j * stride];
  }
  for (int64_t j = lines->count - 1; j >= 0; j--) {
    double with_own = (double)dy[j * stride];
    if (exclusive) {
      dx[j * stride] = (float)(before[j] * behind);
      behind = with_own + (double)x[j * stride] * behind;
    } else {
      dx[j * stride] = (float)(before[j] * (with_own + behind));
      behind = (double)x[j * stride] * (with_own + behind);
    }
  }
}

Status cumulative_product_grad(Grad *grad) {
  bool exclusive = ((const CumulativeParams *)grad->run.params)->exclusive;
  float *dx = grad_of_input(grad, 0);
  const float *dy = grad_of_output(grad, 0), *x = grad->run.in[0]->data;
  Lines lines;
  if (dx == NULL) return OK;
  TRY(find_lines(&grad->run, &lines));
  double *before = reals_new(&grad->run, lines.count);
  if (before == NULL) return fail_memory(grad->run.err);
  for (int64_t o = 0; o < lines.outer; o++)
    for (int64_t i = 0; i < lines.inner; i++) {
      int64_t start = o * lines.count * lines.inner + i + lines.first;
      back_line(dx + start, dy + start, x + start, &lines, exclusive, before);
    }
  return OK;
}
