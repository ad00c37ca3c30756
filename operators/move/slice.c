/* slice.c - Slice: a range of indices along each axis, forwards or backwards. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct SliceParams {
  Ints starts, ends, axes; /* before version 10 */
} SliceParams;

/* What is asked for along one axis. */
typedef struct SliceRange {
  int64_t start, end, step;
} SliceRange;

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

/* First index and number of indices along an axis of `dim` elements; numpy's rules. */
static int64_t resolve(const SliceRange *range, int64_t dim, int64_t *first) {
  int64_t start = range->start < 0 ? range->start + dim : range->start;
  int64_t end = range->end < 0 ? range->end + dim : range->end;
  *first = 0;
  if (dim == 0) return 0;
  if (range->step > 0) {
    start = clamp(start, 0, dim);
    end = clamp(end, 0, dim);
    *first = start;
    return start < end ? (end - start - 1) / range->step + 1 : 0;
  }
  start = clamp(start, 0, dim - 1);
  end = clamp(end, -1, dim - 1);
  *first = start;
  int64_t step = range->step < -dim ? dim : -range->step;
  return start > end ? (start - end - 1) / step + 1 : 0;
}

/* The lists that say what is wanted, from inputs or attributes. */
typedef struct SliceLists {
  KnownInts starts, ends, axes, steps;
} SliceLists;

static Status place(const Infer *infer, const SliceLists *lists, int rank, SliceRange *ranges, bool *given) {
  for (int i = 0; i < lists->starts.count; i++) {
    int axis;
    TRY(infer_axis(infer, lists->axes.count > 0 ? lists->axes.values[i] : i, rank, &axis));
    if (given[axis]) return infer_fail(infer, "axis %d is given twice", axis);
    given[axis] = true;
    int64_t step = lists->steps.count > 0 ? lists->steps.values[i] : 1;
    if (step == 0) return infer_fail(infer, "the step of axis %d is 0", axis);
    ranges[axis] = (SliceRange){lists->starts.values[i], lists->ends.values[i], step};
  }
  return OK;
}

/* Exporters write 10^9 or the largest int32 or int64 for "to the end"; no axis is that long. */
#define SLICE_OPEN_END 1000000000

static bool is_whole(const SliceRange *range) {
  return range->start == 0 && range->end >= SLICE_OPEN_END && range->step == 1;
}

static void follow(Infer *infer, const SliceRange *range) {
  Content from, to = {0};
  const InferValue *in = &infer->in[0];
  if (in->shape.rank != 1 || !element_is_integer(in->type) || !content_of(in, &from)) return;
  int64_t first;
  to.count = (int)resolve(range, from.count, &first);
  for (int i = 0; i < to.count; i++) to.items[i] = from.items[first + i * range->step];
  content_follow(&infer->out[0], &to);
}

static Status slice_known(Infer *infer, const SliceLists *lists) {
  const InferValue *in = &infer->in[0];
  SliceRange ranges[GRAPH_MAX_RANK];
  bool given[GRAPH_MAX_RANK] = {false};
  for (int d = 0; d < in->shape.rank; d++) ranges[d] = (SliceRange){0, INT64_MAX, 1};
  TRY(place(infer, lists, in->shape.rank, ranges, given));
  Shape out = in->shape;
  for (int d = 0; d < out.rank; d++) {
    int64_t first;
    if (dim_is_known(out.dims[d]))
      out.dims[d] = resolve(&ranges[d], out.dims[d], &first);
    else if (!is_whole(&ranges[d]))
      out.dims[d] = DIM_UNKNOWN;
  }
  infer_set(infer, 0, in->type, &out);
  if (out.rank == 1) follow(infer, &ranges[0]);
  return OK;
}

/* Where starts, ends or steps are not known, the other axes are still what they were. */
static Status slice_unknown(Infer *infer, const SliceLists *lists) {
  const InferValue *in = &infer->in[0];
  if (!lists->axes.known || lists->axes.count <= 0) return infer_rank(infer, 0, in->type, in->shape.rank);
  Shape out = in->shape;
  for (int i = 0; i < lists->axes.count; i++) {
    int axis;
    TRY(infer_axis(infer, lists->axes.values[i], out.rank, &axis));
    out.dims[axis] = DIM_UNKNOWN;
  }
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static Status check_counts(const Infer *infer, const SliceLists *lists) {
  int count = lists->starts.count;
  if (count >= 0 && lists->ends.count >= 0 && lists->ends.count != count)
    return infer_fail(infer, "%d starts and %d ends are given", count, lists->ends.count);
  if (count >= 0 && lists->axes.count > 0 && lists->axes.count != count)
    return infer_fail(infer, "%d starts and %d axes are given", count, lists->axes.count);
  if (count >= 0 && lists->steps.count > 0 && lists->steps.count != count)
    return infer_fail(infer, "%d starts and %d steps are given", count, lists->steps.count);
  return OK;
}

static Status slice_by(Infer *infer, const SliceLists *lists) {
  const InferValue *in = &infer->in[0];
  TRY(check_counts(infer, lists));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  if (lists->starts.known && lists->ends.known && lists->axes.known && lists->steps.known)
    return slice_known(infer, lists);
  return slice_unknown(infer, lists);
}

static Status slice_infer(Infer *infer) {
  if (infer_input(infer, 1) == NULL || infer_input(infer, 2) == NULL)
    return infer_fail(infer, "starts or ends are missing");
  SliceLists lists;
  TRY(known_ints(infer, 1, "starts", GRAPH_MAX_RANK, &lists.starts));
  TRY(known_ints(infer, 2, "ends", GRAPH_MAX_RANK, &lists.ends));
  TRY(known_ints(infer, 3, "axes", GRAPH_MAX_RANK, &lists.axes));
  TRY(known_ints(infer, 4, "steps", GRAPH_MAX_RANK, &lists.steps));
  return slice_by(infer, &lists);
}

static Status slice_infer_1(Infer *infer) {
  const SliceParams *params = infer->params;
  SliceLists lists = {.steps = {.known = true}};
  TRY(known_ints_of(infer, &params->starts, "attribute 'starts'", GRAPH_MAX_RANK, &lists.starts));
  TRY(known_ints_of(infer, &params->ends, "attribute 'ends'", GRAPH_MAX_RANK, &lists.ends));
  TRY(known_ints_of(infer, &params->axes, "attribute 'axes'", GRAPH_MAX_RANK, &lists.axes));
  return slice_by(infer, &lists);
}

static Status copy_slice(const Run *run, const SliceRange *ranges) {
  const Tensor *in = run->in[0];
  if (tensor_elements(run->out[0]) == 0) return OK;
  int64_t strides[GRAPH_MAX_RANK], offset = 0;
  shape_strides(&in->shape, strides);
  CopyAxis axes[GRAPH_MAX_RANK];
  for (int d = 0; d < in->shape.rank; d++) {
    int64_t first, count = resolve(&ranges[d], in->shape.dims[d], &first);
    axes[d] = (CopyAxis){count, count > 1 ? strides[d] * ranges[d].step : strides[d]};
    offset += first * strides[d];
  }
  copy_strided(run->out[0]->data, copy_at(in, offset), element_bytes(in->type), axes, in->shape.rank);
  return OK;
}

/* The lists were checked by inference. */
static Status slice_with(const Run *run, int count, const int64_t *starts, const int64_t *ends,
                         const int64_t *axes, const int64_t *steps) {
  int rank = run->in[0]->shape.rank, axis;
  SliceRange ranges[GRAPH_MAX_RANK];
  for (int d = 0; d < rank; d++) ranges[d] = (SliceRange){0, INT64_MAX, 1};
  for (int i = 0; i < count; i++)
    if (axis_normalize(axes == NULL ? i : axes[i], rank, &axis))
      ranges[axis] = (SliceRange){starts[i], ends[i], steps == NULL ? 1 : steps[i]};
  return copy_slice(run, ranges);
}

static Status slice_run(Run *run) {
  int64_t lists[4][GRAPH_MAX_RANK];
  int counts[4] = {0};
  for (int i = 0; i < 4 && i + 1 < run->input_count; i++)
    counts[i] = run_ints(run->in[i + 1], lists[i], GRAPH_MAX_RANK);
  return slice_with(run, counts[0], lists[0], lists[1], counts[2] > 0 ? lists[2] : NULL,
                    counts[3] > 0 ? lists[3] : NULL);
}

static Status slice_run_1(Run *run) {
  const SliceParams *params = run->params;
  return slice_with(run, params->starts.count, params->starts.values, params->ends.values,
                    params->axes.count > 0 ? params->axes.values : NULL, NULL);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SliceParams, starts, FIELD_INTS),
    ATTRIBUTE(SliceParams, ends, FIELD_INTS),
    ATTRIBUTE(SliceParams, axes, FIELD_INTS),
    {0},
};

#define SLICE_INDEX (ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64))

/* ---- channels ---- */

/* The lists of a node whose inputs are constant; false where they are not known. */
static bool read_lists(const Node *node, const void *params, SliceLists *lists) {
  const SliceParams *p = params;
  KnownInts *all[] = {&lists->starts, &lists->ends, &lists->axes, &lists->steps};
  const Ints *given[] = {&p->starts, &p->ends, &p->axes};
  *lists = (SliceLists){0};
  for (int i = 0; i < 4; i++) {
    const Value *input = node_input(node, i + 1);
    if (node->version->since >= 10) {
      if (input != NULL && input->constant == NULL) return false;
      all[i]->count = run_ints(node_constant(node, i + 1), all[i]->values, GRAPH_MAX_RANK);
    } else if (i < 3 && given[i]->count <= GRAPH_MAX_RANK) {
      all[i]->count = given[i]->count;
      for (int k = 0; k < given[i]->count; k++) all[i]->values[k] = given[i]->values[k];
    }
  }
  return true;
}

/* The axis and the range that entry i of the lists is about. */
static bool entry(const SliceLists *lists, int i, int rank, int *axis, SliceRange *range) {
  *range = (SliceRange){lists->starts.values[i], lists->ends.values[i],
                        lists->steps.count > 0 ? lists->steps.values[i] : 1};
  return axis_normalize(lists->axes.count > 0 ? lists->axes.values[i] : i, rank, axis);
}

static void slice_axes(AxisRules *rules) {
  const Value *in = rules_in(rules, 0), *out = rules_out(rules, 0);
  SliceLists lists;
  bool sliced[GRAPH_MAX_RANK] = {false};
  if (!in->has_shape || !read_lists(rules->node, rules->params, &lists)) return;
  for (int i = 0; i < lists.starts.count; i++) {
    SliceRange range;
    int axis;
    if (!entry(&lists, i, in->shape.rank, &axis, &range)) return;
    sliced[axis] = true;
    int64_t first, count = resolve(&range, axis_size(in, axis), &first);
    if (range.step == 1 && count > 0) axis_same_range(rules, in, axis, first, out, axis, 0, count);
  }
  for (int d = 0; d < in->shape.rank; d++)
    if (!sliced[d]) axis_same(rules, in, d, out, d);
}

/* Starts and ends count what is left before them. */
static Status slice_slim(AxisCut *cut) {
  Node *node = cut->node;
  const Value *in = node->inputs[0];
  SliceLists lists;
  bool changes = false;
  if (!in->has_shape || !read_lists(node, cut->params, &lists)) return OK;
  for (int i = 0; i < lists.starts.count; i++) {
    SliceRange range;
    int axis;
    if (!entry(&lists, i, in->shape.rank, &axis, &range) || !cut_changes(cut, in, axis)) continue;
    int64_t first, count = resolve(&range, axis_size(in, axis), &first);
    lists.starts.values[i] = cut_kept(cut, in, axis, 0, first);
    lists.ends.values[i] = cut_kept(cut, in, axis, 0, first + count);
    changes = true;
  }
  if (!changes) return OK;
  size_t count = (size_t)lists.starts.count;
  if (node->version->since < 10) {
    TRY(node_set_ints(cut->graph, node, "starts", lists.starts.values, count, cut->err));
    return node_set_ints(cut->graph, node, "ends", lists.ends.values, count, cut->err);
  }
  ElementType type = node->inputs[1]->constant->type;
  TRY(cut_set_ints(cut, 1, type, lists.starts.values, lists.starts.count));
  return cut_set_ints(cut, 2, type, lists.ends.values, lists.starts.count);
}

const Op op_Slice = {
    .name = "Slice",
    .brief = "A range of indices along each of the given axes.",
    .versions = {{10, slice_infer, slice_run, NULL, grad_moved},
                 {1, slice_infer_1, slice_run_1, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(SliceParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"starts", PORT_OPTIONAL, SLICE_INDEX, "[count]"},
               {"ends", PORT_OPTIONAL, SLICE_INDEX, "[count]"},
               {"axes", PORT_OPTIONAL, SLICE_INDEX, "[count]"},
               {"steps", PORT_OPTIONAL, SLICE_INDEX, "[count]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = slice_axes,
    .slim = slice_slim,
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[4,5], i64{1,0}!, i64{3,1000}!", NULL},
                {"f32[4,5], i64{-2}!, i64{9223372036854775807}!, i64{-1}!", NULL},
                {"f32[4,5,3], i64{-1,4}!, i64{-1000,0}!, i64{0,1}!, i64{-1,-3}!", NULL},
                {"i64{3,4,5}, i32{0}!, i32{2}!, i32{0}!", NULL},
                {"f32[4,5], i64{3}!, i64{1}!, i64{0}!", NULL},
                {"str[5], i64{4}!, i64{0}!, -, i64{-2}!", NULL},
                {"f32[4,5], i64{1}, i64{2}, i64{0}", NULL},
                {"f32[4,5]", "starts=[1] ends=[4] axes=[1] opset=9"}},
};
