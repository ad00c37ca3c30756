/* one_hot.c - OneHot: each index becomes an axis with one value switched on. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct OneHotParams {
  int64_t axis;
} OneHotParams;

/* The depth may be a float; any other content than a positive number is refused. */
static Status depth_of(const Infer *infer, Dim *depth) {
  const InferValue *in = &infer->in[1];
  *depth = DIM_UNKNOWN;
  if (in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
    return infer_fail(infer, "the depth is no single number");
  Content content;
  if (in->constant != NULL)
    *depth = tensor_get_integer(in->constant, 0);
  else if (content_of(in, &content))
    *depth = content_dim(&content.items[0]);
  if (in->constant != NULL && *depth < 1) return infer_fail(infer, "the depth is %lld", (long long)*depth);
  return OK;
}

static Status one_hot_infer(Infer *infer) {
  const OneHotParams *params = infer->params;
  const InferValue *indices = &infer->in[0], *values = &infer->in[2];
  infer->out[0].type = values->type;
  if (values->has_shape && shape_is_known(&values->shape) && shape_elements(&values->shape) != 2)
    return infer_fail(infer, "two values are needed, off and on");
  Dim depth;
  TRY(depth_of(infer, &depth));
  if (!indices->has_shape) return OK;
  int axis;
  Shape out = {.rank = indices->shape.rank + 1};
  if (out.rank > GRAPH_MAX_RANK) return infer_rank(infer, 0, values->type, out.rank);
  if (!axis_normalize(params->axis, out.rank, &axis))
    return infer_fail(infer, "axis %lld is outside an output of %d dimensions", (long long)params->axis,
                      out.rank);
  for (int d = 0; d < out.rank; d++)
    out.dims[d] = d < axis ? indices->shape.dims[d] : d == axis ? depth : indices->shape.dims[d - 1];
  return infer_set_sized(infer, 0, values->type, &out);
}

/* An index outside -depth..depth-1 switches nothing on. */
static Status one_hot_run(Run *run) {
  const Tensor *indices = run->in[0], *values = run->in[2], *out = run->out[0];
  int axis;
  if (!axis_normalize(((const OneHotParams *)run->params)->axis, out->shape.rank, &axis)) return BAD_INPUT;
  int64_t outer = shape_product(&out->shape, 0, axis), depth = out->shape.dims[axis];
  int64_t inner = shape_product(&out->shape, axis + 1, out->shape.rank);
  for (int64_t o = 0; o < outer; o++)
    for (int64_t d = 0; d < depth; d++)
      for (int64_t i = 0; i < inner; i++) {
        int64_t index = tensor_get_integer(indices, o * inner + i);
        bool on = index == d || index == d - depth;
        memcpy(copy_at(out, (o * depth + d) * inner + i), copy_at(values, on), element_bytes(out->type));
      }
  return OK;
}

/* The two values are what is moved. */
static Status grad_one_hot(Grad *grad) {
  return grad_moved_by(grad, one_hot_run, 1 << 2, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(OneHotParams, axis, FIELD_INT, .otherwise = -1),
    {0},
};

const Op op_OneHot = {
    .name = "OneHot",
    .brief = "Each index becomes an axis on which one value is switched on.",
    .versions = {{9, one_hot_infer, one_hot_run, NULL, grad_one_hot}},
    .attributes = attributes,
    .params_bytes = sizeof(OneHotParams),
    .inputs = {{"indices", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
               {"depth", PORT_REQUIRED, ELEMENTS_NUMERIC, "[]"},
               {"values", PORT_REQUIRED, ELEMENTS_ANY, "[2]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[..., depth]"}},
    .role = ROLE_FLOAT,
    .role_reason = "its input is an index, not a quantity",
    .samples = {{"i64{0,2,-1,7}, i64[]{3}!, f32{0,1}!", NULL},
                {"i64[2,2](0,3), i64{3}!, i32{5,9}", "axis=1"},
                {"f32{1,0}, f32[]{2}, f32{0,1}", "axis=0"}},
};
