/* split.c - Split: parts of a tensor along an axis. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct SplitParams {
  int64_t axis;
  Ints split; /* before version 13 */
  int64_t num_outputs;
} SplitParams;

static void set_parts(Infer *infer, int axis, const Dim *sizes) {
  const InferValue *in = &infer->in[0];
  Content all, part;
  bool follows = element_is_integer(in->type) && in->shape.rank == 1 && content_of(in, &all);
  int from = 0;
  for (int i = 0; i < infer->output_count; i++) {
    Shape shape = in->shape;
    shape.dims[axis] = sizes == NULL ? DIM_UNKNOWN : sizes[i];
    infer_set(infer, i, in->type, &shape);
    if (!follows || sizes == NULL) continue;
    part.count = (int)sizes[i];
    for (int k = 0; k < part.count; k++) part.items[k] = all.items[from++];
    content_follow(&infer->out[i], &part);
  }
}

/* Equal parts; from version 18 on the last one may be smaller. */
static Status split_evenly(Infer *infer, int axis) {
  Dim dim = infer->in[0].shape.dims[axis];
  int64_t parts = infer->output_count;
  if (!dim_is_known(dim)) {
    set_parts(infer, axis, NULL);
    return OK;
  }
  if (dim % parts != 0 && infer->node->version->since < 18)
    return infer_fail(infer, "%lld elements of axis %d do not make %lld equal parts", (long long)dim, axis,
                      (long long)parts);
  int64_t size = dim / parts + (dim % parts != 0);
  Dim sizes[INFER_MAX_ELEMENTS];
  for (int i = 0; i < parts; i++) {
    int64_t left = dim - i * size;
    sizes[i] = left < 0 ? 0 : left < size ? left : size;
  }
  set_parts(infer, axis, sizes);
  return OK;
}

static Status split_by(Infer *infer, int axis, const KnownInts *split) {
  Dim dim = infer->in[0].shape.dims[axis];
  if (split->count != infer->output_count)
    return infer_fail(infer, "%d sizes are given for %d outputs", split->count, infer->output_count);
  int64_t sum = 0;
  for (int i = 0; i < split->count; i++)
    if (split->values[i] < 0 || __builtin_add_overflow(sum, split->values[i], &sum))
      return infer_fail(infer, "size %d of the parts is %lld", i, (long long)split->values[i]);
  if (dim_is_known(dim) && sum != dim)
    return infer_fail(infer, "the parts have %lld elements together, axis %d has %lld", (long long)sum, axis,
                      (long long)dim);
  set_parts(infer, axis, split->values);
  return OK;
}

static Status split_all(Infer *infer, const KnownInts *split) {
  const SplitParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  if (infer->output_count > INFER_MAX_ELEMENTS)
    return infer_fail(infer, "%d outputs are more than %d", infer->output_count, INFER_MAX_ELEMENTS);
  for (int i = 0; i < infer->output_count; i++) infer->out[i].type = in->type;
  if (!in->has_shape) return OK;
  int axis;
  TRY(infer_axis(infer, params->axis, in->shape.rank, &axis));
  if (split->known && split->count == 0) return split_evenly(infer, axis);
  if (split->known) return split_by(infer, axis, split);
  set_parts(infer, axis, NULL);
  return OK;
}

static Status split_infer(Infer *infer) {
  KnownInts split;
  TRY(known_ints(infer, 1, "the list of sizes", INFER_MAX_ELEMENTS, &split));
  return split_all(infer, &split);
}

static Status split_infer_18(Infer *infer) {
  const SplitParams *params = infer->params;
  if (infer_input(infer, 1) == NULL && params->num_outputs != 0 && params->num_outputs != infer->output_count)
    return infer_fail(infer, "attribute 'num_outputs' is %lld, but there are %d outputs",
                      (long long)params->num_outputs, infer->output_count);
  return split_infer(infer);
}

static Status split_infer_2(Infer *infer) {
  const SplitParams *params = infer->params;
  KnownInts split;
  TRY(known_ints_of(infer, &params->split, "attribute 'split'", INFER_MAX_ELEMENTS, &split));
  return split_all(infer, &split);
}

/* Version 1 has the sizes as an attribute or as an input. */
static Status split_infer_1(Infer *infer) {
  return infer_input(infer, 1) != NULL ? split_infer(infer) : split_infer_2(infer);
}

static void copy_part(const Tensor *in, const Tensor *out, int axis, int64_t from) {
  int64_t strides[GRAPH_MAX_RANK];
  shape_strides(&in->shape, strides);
  CopyAxis axes[GRAPH_MAX_RANK];
  for (int d = 0; d < in->shape.rank; d++) axes[d] = (CopyAxis){out->shape.dims[d], strides[d]};
  copy_strided(out->data, copy_at(in, from * strides[axis]), element_bytes(in->type), axes, in->shape.rank);
}

/* Sizes of the parts, so that a part that nobody wants is skipped. */
static int read_sizes(const Run *run, int64_t dim, int64_t *sizes) {
  const SplitParams *params = run->params;
  int count = run_ints(run_input(run, 1), sizes, INFER_MAX_ELEMENTS);
  if (count > 0) return count;
  count = params->split.count;
  for (int i = 0; i < count; i++) sizes[i] = params->split.values[i];
  if (count > 0) return count;
  int64_t size = dim / run->output_count + (dim % run->output_count != 0);
  for (int i = 0; i < run->output_count; i++) sizes[i] = size;
  return run->output_count;
}

static Status split_run(Run *run) {
  const Tensor *in = run->in[0];
  int axis;
  if (!axis_normalize(((const SplitParams *)run->params)->axis, in->shape.rank, &axis)) return BAD_INPUT;
  int64_t sizes[INFER_MAX_ELEMENTS], from = 0;
  int count = read_sizes(run, in->shape.dims[axis], sizes);
  for (int i = 0; i < count && i < run->output_count; i++) {
    if (run->out[i] != NULL) copy_part(in, run->out[i], axis, from);
    from += sizes[i];
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SplitParams, axis, FIELD_INT),
    ATTRIBUTE(SplitParams, split, FIELD_INTS),
    ATTRIBUTE(SplitParams, num_outputs, FIELD_INT, .least = 1, .most = INT32_MAX),
    {0},
};

static bool split_axis(const Node *node, int *axis) {
  const Value *in = node_input(node, 0);
  return in != NULL && in->has_shape &&
         axis_normalize(((const SplitParams *)node->params)->axis, in->shape.rank, axis);
}

static void split_axes(AxisRules *rules) {
  int axis;
  if (!split_axis(rules->node, &axis)) return;
  const Value *in = rules_in(rules, 0);
  bool known = true;
  for (int i = 0; i < rules->node->output_count; i++)
    known &= rules_out(rules, i) != NULL && axis_size(rules_out(rules, i), axis) > 0;
  int64_t from = 0;
  for (int i = 0; i < rules->node->output_count; i++) {
    const Value *part = rules_out(rules, i);
    axes_same_but(rules, in, part, axis);
    if (!known) continue;
    axis_same_range(rules, in, axis, from, part, axis, 0, axis_size(part, axis));
    from += axis_size(part, axis);
  }
}

/* Parts that were equal need not stay so: the sizes are written out. */
static Status split_slim(AxisCut *cut) {
  Node *node = cut->node;
  int axis;
  if (!split_axis(node, &axis) || !cut_changes(cut, node->inputs[0], axis)) return OK;
  int64_t sizes[INFER_MAX_ELEMENTS];
  for (int i = 0; i < node->output_count; i++)
    sizes[i] = cut_kept(cut, node->outputs[i], axis, 0, axis_size(node->outputs[i], axis));
  node_drop_attribute(node, "num_outputs");
  if (node->version->since < 13)
    return node_set_ints(cut->graph, node, "split", sizes, (size_t)node->output_count, cut->err);
  return cut_set_ints(cut, 1, ELEMENT_INT64, sizes, node->output_count);
}

const Op op_Split = {
    .name = "Split",
    .brief = "Parts of a tensor along an axis, of given sizes or equal ones.",
    .versions = {{18, split_infer_18, split_run, NULL, grad_moved},
                 {13, split_infer, split_run, NULL, grad_moved},
                 {2, split_infer_2, split_run, NULL, grad_moved},
                 {1, split_infer_1, split_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(SplitParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"split", PORT_OPTIONAL, ELEMENTS_ANY, "[count]"}},
    .outputs = {{"outputs", PORT_VARIADIC, ELEMENTS_ANY, "[...]"}},
    .axes = split_axes,
    .slim = split_slim,
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[2,6]", "axis=1 num_outputs=3 outputs=3"},
                {"f32[7,2]", "num_outputs=3 outputs=3"},
                {"f32[2,6], i64{1,5}!", "axis=-1 outputs=2"},
                {"i64{1,2,3}, i64{1,2}!", "outputs=2"},
                {"f32[2,6], i64{2,0,4}!", "axis=1 outputs=3 opset=13"},
                {"f32[6,2]", "split=[2,4] outputs=2 opset=11"},
                {"f32[6,2]", "outputs=2 opset=11"}},
};
