/* max_unpool.c - MaxUnpool: puts what MaxPool picked back where it came from. */
#include "operators/gradient_moved.h"
#include "operators/reals.h"
#include "operators/shape/content.h"
#include "operators/window.h"

#include <string.h>

static Status check(const Node *node, void *decoded, Error *err) {
  const WindowParams *params = decoded;
  int axes = params->kernel_shape.count;
  bool fits = axes > 0 && axes <= GRAPH_MAX_RANK - 2 &&
              (!params->strides.given || params->strides.count == axes) &&
              (!params->pads.given || params->pads.count == 2 * axes);
  return fits ? OK
              : fail(err, BAD_INPUT, "node '%s' (%s): kernel_shape, strides and pads do not fit one another",
                     node->name, node->type);
}

/* What MaxPool was given, as far as kernel, strides and pads tell: the indices count in it. */
static Shape pooled_from(const WindowParams *params, const Shape *x) {
  Shape from = *x;
  for (int d = 2; d < x->rank; d++) {
    int64_t stride = params->strides.given ? params->strides.values[d - 2] : 1;
    int64_t pads = params->pads.given ? params->pads.values[d - 2] + params->pads.values[x->rank + d - 4] : 0;
    if (dim_is_known(x->dims[d]))
      from.dims[d] = (x->dims[d] - 1) * stride + params->kernel_shape.values[d - 2] - pads;
  }
  return from;
}

static Status infer(Infer *infer) {
  const WindowParams *params = infer->params;
  const InferValue *x = &infer->in[0], *indices = &infer->in[1];
  KnownInts given;
  infer->out[0].type = x->type;
  TRY(known_ints(infer, 2, "the output shape", GRAPH_MAX_RANK, &given));
  if (!x->has_shape) return OK;
  if (x->shape.rank != params->kernel_shape.count + 2)
    return infer_fail(infer, "an input of %d dimensions does not fit a kernel of %d", x->shape.rank,
                      params->kernel_shape.count);
  if (indices->has_shape && shape_is_known(&x->shape) && shape_is_known(&indices->shape) &&
      !shape_equals(&x->shape, &indices->shape))
    return infer_fail(infer, "values and indices have different shapes");
  Shape out = pooled_from(params, &x->shape);
  if (infer_input(infer, 2) != NULL) {
    if (!given.known) return infer_rank(infer, 0, x->type, out.rank);
    if (given.count != out.rank)
      return infer_fail(infer, "the output shape has %d numbers instead of %d", given.count, out.rank);
    for (int d = 0; d < out.rank; d++) out.dims[d] = given.values[d];
  }
  for (int d = 0; d < out.rank; d++)
    if (dim_is_known(x->shape.dims[d]) && out.dims[d] < 0)
      return infer_fail(infer, "the output has a dimension below 0");
  return infer_set_sized(infer, 0, x->type, &out);
}

/* Index in `to` of the place that is `index` in `from`; -1 where `to` does not have it. */
static int64_t place_in(const Shape *from, const Shape *to, int64_t index) {
  int64_t at = 0, stride = 1;
  for (int d = from->rank - 1; d >= 0; d--) {
    int64_t here = index % from->dims[d];
    if (here >= to->dims[d]) return -1;
    at += here * stride;
    index /= from->dims[d];
    stride *= to->dims[d];
  }
  return at;
}

static Status run_unpool(Run *run) {
  const Tensor *x = run->in[0], *indices = run->in[1];
  Tensor *y = run->out[0];
  Shape from = pooled_from(run->params, &x->shape);
  int64_t all = shape_elements(&from);
  size_t size = element_bytes(x->type);
  if (tensor_bytes(y) > 0) memset(y->data, 0, tensor_bytes(y));
  for (int64_t i = 0; i < tensor_elements(x); i++) {
    int64_t index = tensor_get_integer(indices, i);
    int64_t at = index < 0 || index >= all ? -1 : place_in(&from, &y->shape, index);
    if (at < 0) return run_fail(run, "index %lld is outside the output", (long long)index);
    memcpy((char *)y->data + (size_t)at * size, (const char *)x->data + (size_t)i * size, size);
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(WindowParams, kernel_shape, FIELD_INTS, .required = true, .least = 1, .most = WINDOW_MOST),
    ATTRIBUTE(WindowParams, pads, FIELD_INTS, .least = 0, .most = WINDOW_MOST),
    ATTRIBUTE(WindowParams, strides, FIELD_INTS, .least = 1, .most = WINDOW_MOST),
    {0}};

const Op op_MaxUnpool = {
    .name = "MaxUnpool",
    .brief = "The reverse of MaxPool: its results at their old places, zeros elsewhere.",
    .versions = {{9, infer, run_unpool, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(WindowParams),
    .check = check,
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"},
               {"I", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[N, C, ...]"},
               {"output_shape", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[rank]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_FLOAT, "[N, C, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "writes at places that only the data tells",
    .samples = {{"f32[1,1,2,2], i64[1,1,2,2]{5,7,13,15}", "kernel_shape=[2,2] strides=[2,2]"},
                {"f32[1,1,2,2], i64[1,1,2,2]{5,7,13,15}, i64{1,1,5,5}!", "kernel_shape=[2,2] strides=[2,2]"},
                {"f32[1,2,2], i64[1,2,2]{0,2,3,5}", "kernel_shape=[2] pads=[0,0]"}},
};
