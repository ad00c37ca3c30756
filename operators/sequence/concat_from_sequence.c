#include "operators/sequence/rows.h"
#include "operators/sequence/sequence.h"

#include "operators/shape/content.h"

typedef struct ConcatFromSequenceParams {
  int64_t axis;
  bool new_axis;
} ConcatFromSequenceParams;

/* The item as it lies in the result: with a dimension of 1 where a new axis comes. */
static Status view_item(Run *run, int axis, Tensor *item) {
  if (!((const ConcatFromSequenceParams *)run->params)->new_axis) return OK;
  if (item->shape.rank >= GRAPH_MAX_RANK) return run_fail(run, "the items have too many dimensions");
  for (int d = item->shape.rank; d > axis; d--) item->shape.dims[d] = item->shape.dims[d - 1];
  item->shape.dims[axis] = 1;
  item->shape.rank++;
  return OK;
}

/* Adds one more item's rows to the shape of those before it. */
static Status join_item(Run *run, const Tensor *first, const Tensor *item, int axis, Shape *whole) {
  bool fits = item->type == first->type && item->shape.rank == whole->rank;
  for (int d = 0; fits && d < whole->rank; d++) fits = d == axis || item->shape.dims[d] == whole->dims[d];
  if (!fits) return run_fail(run, "its items differ in type or shape");
  if (__builtin_add_overflow(whole->dims[axis], item->shape.dims[axis], &whole->dims[axis]) ||
      shape_elements(whole) < 0)
    return run_fail(run, "the output has too many elements");
  return OK;
}

/* Type, shape and the axis of what the items make together. */
static Status measure(Run *run, int64_t count, int *axis, Tensor *whole) {
  const ConcatFromSequenceParams *params = run->params;
  if (count == 0) return run_fail(run, "the sequence has no item");
  Tensor first = sequence_item(run->in[0], 0);
  int rank = first.shape.rank + params->new_axis;
  if (!axis_normalize(params->axis, rank, axis))
    return run_fail(run, "axis %lld is outside the %d axes of the output", (long long)params->axis, rank);
  TRY(view_item(run, *axis, &first));
  *whole = (Tensor){.type = first.type, .shape = first.shape};
  whole->shape.dims[*axis] = 0;
  for (int64_t i = 0; i < count; i++) {
    Tensor item = sequence_item(run->in[0], i);
    TRY(view_item(run, *axis, &item));
    TRY(join_item(run, &first, &item, *axis, &whole->shape));
  }
  return OK;
}

static Status run_concat(Run *run) {
  int64_t count = sequence_count(run->in[0]), at = 0;
  Tensor whole;
  int axis;
  TRY(measure(run, count, &axis, &whole));
  TRY(control_shape_output(run, 0, whole.type, &whole.shape));
  for (int64_t i = 0; i < count; i++) {
    Tensor item = sequence_item(run->in[0], i);
    TRY(view_item(run, axis, &item));
    rows_put(&item, run->out[0], axis, at);
    at += item.shape.dims[axis];
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ConcatFromSequenceParams, axis, FIELD_INT, .required = true),
    ATTRIBUTE(ConcatFromSequenceParams, new_axis, FIELD_BOOL, .otherwise = 0),
    {0}};

const Op op_ConcatFromSequence = {
    .name = "ConcatFromSequence",
    .brief = "The items of a sequence one behind the other along an axis, or along a new one.",
    .versions = {{11, sequence_infer_item, run_concat, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConcatFromSequenceParams),
    .inputs = {{"input_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
    .outputs = {{"concat_result", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .grad_reason = "no gradient goes through sequences",
    .role = ROLE_FLOAT,
    .role_reason = NO_SEQUENCES,
    .samples = {{"seq(f32[2,3];f32[2,1])", "axis=1"},
                {"seq(i64[2,3];i64[2,3])", "axis=-1 new_axis=1"},
                {"seq(f32[2,3];f32[0,3];f32[1,3])", "axis=-2"}}};
