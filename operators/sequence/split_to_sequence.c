#include "operators/reals.h"
#include "operators/sequence/rows.h"
#include "operators/sequence/sequence.h"

typedef struct SplitToSequenceParams {
  int64_t axis;
  bool keepdims;
} SplitToSequenceParams;

/* How the axis is cut: all parts of one size but the last, or each of its own. */
typedef struct Cuts {
  int64_t count, size;
  const Tensor *sizes; /* NULL: all of `size` */
} Cuts;

static int64_t size_of(const Cuts *cuts, int64_t part, int64_t left) {
  if (cuts->sizes != NULL) return tensor_get_integer(cuts->sizes, part);
  return cuts->size < left ? cuts->size : left;
}

static Status check_sizes(Run *run, const Tensor *sizes, int64_t dim) {
  int64_t sum = 0;
  for (int64_t i = 0; i < tensor_elements(sizes); i++) {
    int64_t size = tensor_get_integer(sizes, i);
    if (size < 0 || __builtin_add_overflow(sum, size, &sum))
      return run_fail(run, "a part has a negative size");
  }
  if (sum == dim) return OK;
  return run_fail(run, "its parts have %lld rows together, but the input has %lld", (long long)sum,
                  (long long)dim);
}

static Status read_cuts(Run *run, int64_t dim, Cuts *cuts) {
  const Tensor *split = run_input(run, 1);
  *cuts = (Cuts){.size = 1};
  if (split != NULL && split->shape.rank > 0) {
    cuts->sizes = split;
    cuts->count = tensor_elements(split);
    return check_sizes(run, split, dim);
  }
  if (split != NULL) cuts->size = tensor_get_integer(split, 0);
  if (cuts->size < 1) return run_fail(run, "its parts are to have %lld rows", (long long)cuts->size);
  cuts->count = dim / cuts->size + (dim % cuts->size != 0);
  return OK;
}

static void drop_axis(Shape *shape, int axis) {
  shape->rank--;
  for (int d = axis; d < shape->rank; d++) shape->dims[d] = shape->dims[d + 1];
}

/* Fills `parts`, whose data follow each other from `data` on. */
static void cut(Run *run, const Cuts *cuts, int axis, Tensor *parts, char *data) {
  const Tensor *in = run->in[0];
  bool drops = run_input(run, 1) == NULL && !((const SplitToSequenceParams *)run->params)->keepdims;
  int64_t at = 0;
  for (int64_t i = 0; i < cuts->count; i++) {
    Tensor *part = &parts[i];
    *part = (Tensor){.type = in->type, .shape = in->shape, .data = data};
    part->shape.dims[axis] = size_of(cuts, i, in->shape.dims[axis] - at);
    rows_take(in, axis, at, part);
    at += part->shape.dims[axis];
    data += tensor_bytes(part);
    if (drops) drop_axis(&part->shape, axis);
  }
}

static Status run_split(Run *run) {
  const SplitToSequenceParams *params = run->params;
  const Tensor *in = run->in[0];
  int axis;
  Cuts cuts;
  if (!axis_normalize(params->axis, in->shape.rank, &axis))
    return run_fail(run, "axis %lld is outside the input's %d axes", (long long)params->axis, in->shape.rank);
  TRY(read_cuts(run, in->shape.dims[axis], &cuts));
  Tensor *parts = run_scratch(run, ((size_t)cuts.count + 1) * sizeof *parts);
  const Tensor **items = run_scratch(run, ((size_t)cuts.count + 1) * sizeof *items);
  char *data = run_scratch(run, tensor_bytes(in) + 1);
  if (parts == NULL || items == NULL || data == NULL) return run->err->status;
  cut(run, &cuts, axis, parts, data);
  for (int64_t i = 0; i < cuts.count; i++) items[i] = &parts[i];
  return sequence_deliver(run, 0, ELEMENT_SEQUENCE, items, cuts.count);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SplitToSequenceParams, axis, FIELD_INT, .otherwise = 0),
    ATTRIBUTE(SplitToSequenceParams, keepdims, FIELD_BOOL, .otherwise = 1),
    {0}};

const Op op_SplitToSequence = {.name = "SplitToSequence",
                               .brief = "The parts of a tensor along an axis, as a sequence.",
                               .versions = {{11, sequence_infer, run_split, NULL}},
                               .attributes = attributes,
                               .params_bytes = sizeof(SplitToSequenceParams),
                               .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
                                          {"split", PORT_OPTIONAL, POSITIONS, "[] or [parts]"}},
                               .outputs = {{"output_sequence", PORT_REQUIRED, SEQUENCES, "[...]"}},
                               .grad_reason = "no gradient goes through sequences",
                               .role = ROLE_FLOAT,
                               .role_reason = NO_SEQUENCES,
                               .samples = {{"f32[4,3]", ""},
                                           {"f32[2,3]", "axis=1 keepdims=0"},
                                           {"f32[2,5], i64[]{2}!", "axis=-1"},
                                           {"i64[6], i64{1,0,5}", ""}}};
