/* pad.c - Pad: more elements (or, where negative, fewer) before and behind each axis. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef enum PadMode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } PadMode;
static const char *const pad_modes[] = {"constant", "reflect", "edge", "wrap", NULL};

typedef struct PadParams {
  int mode;
  Ints pads, paddings; /* before version 11 and 2 */
  float value;         /* before version 11 */
} PadParams;

/* Elements before and behind each axis. */
typedef struct PadAmounts {
  int64_t before[GRAPH_MAX_RANK], behind[GRAPH_MAX_RANK];
} PadAmounts;

static Status pad_dim(const Infer *infer, int d, int64_t before, int64_t behind, Dim *dim) {
  const PadParams *params = infer->params;
  int64_t more;
  if (__builtin_add_overflow(before, behind, &more))
    return infer_fail(infer, "the output has too many elements");
  if (!dim_is_known(*dim)) {
    if (more != 0) *dim = DIM_UNKNOWN;
    return OK;
  }
  int64_t in = *dim;
  if (__builtin_add_overflow(in, more, dim)) return infer_fail(infer, "the output has too many elements");
  if (*dim < 0 || before < -in || behind < -in)
    return infer_fail(infer, "axis %d of %lld elements cannot lose %lld and %lld", d, (long long)in,
                      (long long)-before, (long long)-behind);
  if (in == 0 && *dim > 0 && params->mode != PAD_CONSTANT)
    return infer_fail(infer, "axis %d has no elements to pad with in mode '%s'", d, pad_modes[params->mode]);
  return OK;
}

static Status pad_by(Infer *infer, const PadAmounts *pads) {
  const InferValue *in = &infer->in[0];
  Shape out = in->shape;
  for (int d = 0; d < out.rank; d++) TRY(pad_dim(infer, d, pads->before[d], pads->behind[d], &out.dims[d]));
  return infer_set_sized(infer, 0, in->type, &out);
}

/* Places list[0..count-1] (before) and list[count..] (behind) on their axes. */
static Status place(const Infer *infer, const KnownInts *list, const KnownInts *axes, int rank,
                    PadAmounts *pads) {
  int count = axes->count > 0 ? axes->count : rank;
  *pads = (PadAmounts){0};
  if (list->count != 2 * count)
    return infer_fail(infer, "%d amounts are given for %d axes, two for each are needed", list->count, count);
  bool given[GRAPH_MAX_RANK] = {false};
  for (int i = 0; i < count; i++) {
    int axis;
    TRY(infer_axis(infer, axes->count > 0 ? axes->values[i] : i, rank, &axis));
    if (given[axis]) return infer_fail(infer, "axis %d is given twice", axis);
    given[axis] = true;
    pads->before[axis] = list->values[i];
    pads->behind[axis] = list->values[count + i];
  }
  return OK;
}

static Status pad_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (infer_input(infer, 1) == NULL) return infer_fail(infer, "input 1 ('pads') is missing");
  KnownInts list, axes;
  TRY(known_ints(infer, 1, "pads", 2 * GRAPH_MAX_RANK, &list));
  TRY(known_ints(infer, 3, "axes", GRAPH_MAX_RANK, &axes));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  if (infer_input(infer, 2) != NULL && infer->in[2].has_shape && shape_is_known(&infer->in[2].shape) &&
      shape_elements(&infer->in[2].shape) != 1)
    return infer_fail(infer, "the value to pad with is no single one");
  if (!list.known || !axes.known) return infer_rank(infer, 0, in->type, in->shape.rank);
  PadAmounts pads;
  TRY(place(infer, &list, &axes, in->shape.rank, &pads));
  return pad_by(infer, &pads);
}

static Status pad_infer_1(Infer *infer) {
  const PadParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  const Ints *given = params->paddings.given ? &params->paddings : &params->pads;
  KnownInts list, axes = {.known = true};
  TRY(known_ints_of(infer, given, "attribute 'pads'", 2 * GRAPH_MAX_RANK, &list));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  PadAmounts pads;
  TRY(place(infer, &list, &axes, in->shape.rank, &pads));
  return pad_by(infer, &pads);
}

/* Index within 0..dim-1 that element `i` (any integer) is taken from, or -1 for the value. */
static int64_t source_index(int mode, int64_t i, int64_t dim) {
  if (i >= 0 && i < dim) return i;
  switch (mode) {
  case PAD_EDGE:
    return i < 0 ? 0 : dim - 1;
  case PAD_WRAP:
    return (i % dim + dim) % dim;
  case PAD_REFLECT: {
    int64_t period = dim > 1 ? 2 * (dim - 1) : 1;
    int64_t within = (i % period + period) % period;
    return within < dim ? within : period - within;
  }
  default:
    return -1;
  }
}

static Status pad_with(Run *run, const int64_t *before, const void *fill) {
  const PadParams *params = run->params;
  const Tensor *in = run->in[0], *out = run->out[0];
  int64_t *maps[GRAPH_MAX_RANK];
  TRY(copy_new_maps(run, &out->shape, maps));
  for (int d = 0; d < out->shape.rank; d++)
    for (int64_t i = 0; i < out->shape.dims[d]; i++)
      maps[d][i] = source_index(params->mode, i - before[d], in->shape.dims[d]);
  copy_mapped(out, in, maps, fill);
  return OK;
}

static Status pad_run(Run *run) {
  int rank = run->in[0]->shape.rank, axis;
  int64_t list[2 * GRAPH_MAX_RANK], axes[GRAPH_MAX_RANK], before[GRAPH_MAX_RANK] = {0};
  run_ints(run->in[1], list, 2 * GRAPH_MAX_RANK);
  int count = run_ints(run_input(run, 3), axes, GRAPH_MAX_RANK);
  for (int i = 0; i < (count > 0 ? count : rank); i++)
    if (axis_normalize(count > 0 ? axes[i] : i, rank, &axis)) before[axis] = list[i];
  static const uint64_t zero;
  const Tensor *value = run_input(run, 2);
  return pad_with(run, before, value != NULL ? value->data : (const void *)&zero);
}

static Status pad_run_1(Run *run) {
  const PadParams *params = run->params;
  uint64_t bytes = 0;
  Tensor fill = {.type = run->in[0]->type, .data = &bytes};
  tensor_set(&fill, 0, params->value);
  return pad_with(run, params->paddings.given ? params->paddings.values : params->pads.values, &bytes);
}

/* The value to pad with is moved too, where it is an input; that of an attribute comes from nowhere. */
static Status grad_pad(Grad *grad) {
  PadParams params = *(const PadParams *)grad->run.params;
  params.value = 0;
  return grad_moved_by(grad, grad->run.node->version->run, 1 | 1 << 2, &params);
}

/* A zero is exact in every scale; another value may lie outside the range of the data. */
static OpRole pad_role(const Node *node, const char **reason) {
  const PadParams *params = node->params;
  double value = params->value;
  if (params->mode != PAD_CONSTANT) return ROLE_SAME_SCALE;
  if (node_input(node, 2) != NULL && !value_scalar(node_input(node, 2), &value)) value = 1;
  if (value == 0) return ROLE_SAME_SCALE;
  *reason = "padding with another value than zero has no integer form";
  return ROLE_FLOAT;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(PadParams, mode, FIELD_CHOICE, .choices = pad_modes),
    ATTRIBUTE(PadParams, pads, FIELD_INTS),
    ATTRIBUTE(PadParams, paddings, FIELD_INTS),
    ATTRIBUTE(PadParams, value, FIELD_FLOAT),
    {0},
};

/* ---- channels ---- */

/* The amounts of a node whose inputs are constant, and where they stand: by list position, the axis. */
typedef struct PadList {
  int64_t amounts[2 * GRAPH_MAX_RANK];
  int count; /* of axes; amounts[count + i] lies behind */
  int axes[GRAPH_MAX_RANK];
} PadList;

static bool read_pads(const Node *node, const void *params, PadList *list) {
  const PadParams *p = params;
  const Value *in = node_input(node, 0), *given = node_input(node, 3);
  const Ints *attribute = p->paddings.given ? &p->paddings : &p->pads;
  bool by_input = node->version->since >= 11;
  int64_t axes[GRAPH_MAX_RANK];
  if (!in->has_shape || (given != NULL && given->constant == NULL)) return false;
  if (by_input && node_constant(node, 1) == NULL) return false;
  list->count = in->shape.rank;
  if (given != NULL) list->count = run_ints(given->constant, axes, GRAPH_MAX_RANK);
  for (int i = 0; i < list->count; i++)
    if (!axis_normalize(given != NULL ? axes[i] : i, in->shape.rank, &list->axes[i])) return false;
  if (by_input) return run_ints(node_constant(node, 1), list->amounts, 2 * GRAPH_MAX_RANK) == 2 * list->count;
  for (int i = 0; i < 2 * list->count; i++) list->amounts[i] = attribute->values[i];
  return true;
}

static void pad_axes(AxisRules *rules) {
  const PadParams *params = rules->params;
  const Value *in = rules_in(rules, 0), *out = rules_out(rules, 0);
  PadList list;
  bool listed[GRAPH_MAX_RANK] = {false};
  if (!read_pads(rules->node, params, &list)) return;
  for (int i = 0; i < list.count; i++) {
    int axis = list.axes[i];
    int64_t before = list.amounts[i], behind = list.amounts[list.count + i], size = axis_size(in, axis);
    listed[axis] = true;
    if (before == 0 && behind == 0)
      axis_same(rules, in, axis, out, axis);
    else if (params->mode == PAD_CONSTANT && before >= 0 && behind >= 0 && size > 0)
      axis_same_range(rules, in, axis, 0, out, axis, before, size);
  }
  for (int d = 0; d < in->shape.rank; d++)
    if (!listed[d]) axis_same(rules, in, d, out, d);
}

static Status pad_slim(AxisCut *cut) {
  Node *node = cut->node;
  const Value *out = node->outputs[0];
  PadList list;
  bool changes = false;
  if (!read_pads(node, cut->params, &list)) return OK;
  for (int i = 0; i < list.count; i++) {
    int axis = list.axes[i];
    int64_t *before = &list.amounts[i], *behind = &list.amounts[list.count + i], size = axis_size(out, axis);
    if ((*before == 0 && *behind == 0) || !cut_changes(cut, out, axis)) continue;
    *behind = cut_kept(cut, out, axis, size - *behind, size);
    *before = cut_kept(cut, out, axis, 0, *before);
    changes = true;
  }
  if (!changes) return OK;
  if (node->version->since >= 11) return cut_set_ints(cut, 1, ELEMENT_INT64, list.amounts, 2 * list.count);
  const char *name = node_attribute(node, "paddings") != NULL ? "paddings" : "pads";
  return node_set_ints(cut->graph, node, name, list.amounts, 2 * (size_t)list.count, cut->err);
}

const Op op_Pad = {
    .name = "Pad",
    .brief = "More elements before and behind each axis: a value, the edge, a mirror image, or round again.",
    .versions = {{11, pad_infer, pad_run, NULL, grad_pad}, {1, pad_infer_1, pad_run_1, NULL, grad_pad}},
    .attributes = attributes,
    .params_bytes = sizeof(PadParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_NUMERIC | ELEMENTS_NARROW | ELEMENT_BIT(ELEMENT_BOOL),
                "[...]"},
               {"pads", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[2*count]"},
               {"constant_value", PORT_OPTIONAL, ELEMENTS_ANY, "[]"},
               {"axes", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_NUMERIC | ELEMENTS_NARROW | ELEMENT_BIT(ELEMENT_BOOL),
                 "[...]"}},
    .axes = pad_axes,
    .slim = pad_slim,
    .role = ROLE_SAME_SCALE,
    .role_of = pad_role,
    .samples = {{"f32[2,3], i64{1,0,0,2}!", NULL},
                {"f32[2,3], i64{1,-1,2,0}!, f32[]{1.5}!", NULL},
                {"f32[1,4,5], i64{2,3,1,4}!, -, i64{-1,1}!", "mode=\"reflect\""},
                {"f32[2,3], i64{1,2,3,4}!", "mode=\"edge\""},
                {"i32[2,3], i64{0,4,1,2}!", "mode=\"wrap\""},
                {"f32[2,3], i64{1,0,0,2}", "mode=\"reflect\" opset=13"},
                {"f32[2,3]", "pads=[0,1,1,0] value=2.5 opset=10"},
                {"f32[2,3]", "pads=[0,1,1,0] mode=\"reflect\" opset=2"}},
};
