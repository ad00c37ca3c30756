/* reverse_sequence.c - ReverseSequence: the first elements of each sequence of a batch, in reverse. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct ReverseSequenceParams {
  int64_t batch_axis, time_axis;
} ReverseSequenceParams;

static Status reverse_sequence_check(const Node *node, void *params, Error *err) {
  const ReverseSequenceParams *given = params;
  if (given->batch_axis != given->time_axis) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): batch_axis and time_axis are the same", node->name,
              node->type);
}

static Status reverse_sequence_infer(Infer *infer) {
  const ReverseSequenceParams *params = infer->params;
  const InferValue *in = &infer->in[0], *lengths = &infer->in[1];
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  if (in->shape.rank < 2)
    return infer_fail(infer, "the input has %d dimensions, at least 2 are needed", in->shape.rank);
  Dim batch = in->shape.dims[params->batch_axis];
  if (lengths->has_shape && lengths->shape.rank != 1)
    return infer_fail(infer, "the lengths have %d dimensions instead of 1", lengths->shape.rank);
  if (lengths->has_shape && dim_is_known(batch) && dim_is_known(lengths->shape.dims[0]) &&
      lengths->shape.dims[0] != batch)
    return infer_fail(infer, "%lld lengths are given for %lld sequences", (long long)lengths->shape.dims[0],
                      (long long)batch);
  infer_set(infer, 0, in->type, &in->shape);
  return OK;
}

static Status reverse_sequence_run(Run *run) {
  const ReverseSequenceParams *params = run->params;
  const Tensor *in = run->in[0], *out = run->out[0];
  const Shape *shape = &in->shape;
  int64_t outer = shape->dims[0], extent = shape->dims[1], inner = shape_product(shape, 2, shape->rank);
  int64_t times = shape->dims[params->time_axis], batches = shape->dims[params->batch_axis];
  for (int64_t i = 0; i < batches; i++) {
    int64_t length = tensor_get_integer(run->in[1], i);
    if (length < 0 || length > times)
      return run_fail(run, "length %lld is outside a sequence of %lld", (long long)length, (long long)times);
  }
  size_t bytes = (size_t)inner * element_bytes(in->type);
  for (int64_t o = 0; o < outer && bytes > 0; o++)
    for (int64_t e = 0; e < extent; e++) {
      int64_t time = params->time_axis == 0 ? o : e, batch = params->time_axis == 0 ? e : o;
      int64_t length = tensor_get_integer(run->in[1], batch);
      int64_t from = time < length ? length - 1 - time : time;
      int64_t source = params->time_axis == 0 ? from * extent + e : o * extent + from;
      memcpy(copy_at(out, (o * extent + e) * inner), copy_at(in, source * inner), bytes);
    }
  return OK;
}

/* The two axes are 0 and 1, in either order. */
static const AttributeRow attributes[] = {
    ATTRIBUTE(ReverseSequenceParams, batch_axis, FIELD_INT, .otherwise = 1, .least = 0, .most = 1),
    ATTRIBUTE(ReverseSequenceParams, time_axis, FIELD_INT, .otherwise = 0, .least = 0, .most = 1),
    {0},
};

const Op op_ReverseSequence = {
    .name = "ReverseSequence",
    .brief = "The first elements of each sequence of a batch in reverse order.",
    .versions = {{10, reverse_sequence_infer, reverse_sequence_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(ReverseSequenceParams),
    .check = reverse_sequence_check,
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[time, batch, ...]"},
               {"sequence_lens", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[batch]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_ANY, "[time, batch, ...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "reversing sequences has no integer instruction",
    .samples = {{"f32[4,2], i64{4,2}", NULL}, {"f32[2,4,3], i64{0,3}", "batch_axis=0 time_axis=1"}},
};
