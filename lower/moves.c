/* Strided copies and their operators: Concat, Split, Slice, Expand, Transpose. */
#include "lower/moves.h"

#include "lower/roles.h"

Form move_form(const Value *in, const Value *out) {
  bool coded = in->constant != NULL ? element_is_float(in->type) : build_form(in) == FORM_CODES;
  return coded && build_form(out) == FORM_CODES ? FORM_CODES : FORM_REAL;
}

Operand move_operand(Builder *b, const Value *in, const Value *out, Form form) {
  Operand operand = {.shape = in->shape, .layout = build_layout(b, in)};
  if (form == FORM_CODES && in->constant != NULL) {
    operand.tensor = constant_in_codes(b, in, codes_of_spec(out->spec));
    operand.layout = LAYOUT_PLAIN;
  } else {
    operand.tensor = build_get(b, in, form, LAYOUT_ANY);
    if (form == FORM_CODES) operand.tensor = requantized(b, operand.tensor, codes_of_spec(out->spec));
  }
  return operand;
}

MoveBox move_box(const Shape *y) {
  MoveBox box = {0};
  for (int d = 0; d < y->rank; d++) {
    box.extent[d] = y->dims[d];
    box.y_step[d] = 1;
  }
  return box;
}

void move_emit(Builder *b, int32_t x, const Operand *y, const MoveBox *box) {
  int32_t stride[GRAPH_MAX_RANK];
  int order[GRAPH_MAX_RANK];
  int64_t y_offset = 0;
  Loops loops = {.operands = 2};
  layout_strides(&y->shape, y->layout, stride);
  layout_order(&y->shape, y->layout, order);
  for (int k = 0; k < y->shape.rank; k++) {
    int d = order[k];
    if (box->extent[d] == 0) return;
    y_offset += box->start[d] * stride[d];
    loops_add(&loops, box->extent[d], (int32_t[LOOP_OPERANDS]){stride[d] * box->y_step[d], box->x_stride[d]});
  }
  build_copy(b, x, box->x_offset, y->tensor, y_offset, &loops);
}

/* ---- along one axis ---- */

AxisView axis_view(const Operand *x, int axis) {
  int order[GRAPH_MAX_RANK];
  AxisView view = {1, 1, 1};
  bool behind = false;
  layout_order(&x->shape, x->layout, order);
  for (int k = 0; k < x->shape.rank; k++) {
    int32_t dim = (int32_t)x->shape.dims[order[k]];
    if (order[k] == axis)
      view.length = dim;
    else if (behind)
      view.inner *= dim;
    else
      view.outer *= dim;
    if (order[k] == axis) behind = true;
  }
  return view;
}

Operand resized_operand(Builder *b, const Operand *x, int axis, int64_t count) {
  EdgeTensor info = b->tensors[x->tensor].info;
  Operand y = *x;
  uint32_t dims[EDGE_MAX_RANK];
  y.shape.dims[axis] = count;
  int rank = build_dims(&y.shape, y.layout, dims);
  y.tensor = build_tensor(b, (EdgeType)info.type, rank, dims, info.scale, info.zero_point);
  return y;
}

Operand move_pick(Builder *b, const Operand *x, int axis, const int32_t *index, int64_t count) {
  AxisView view = axis_view(x, axis);
  EdgeGatherParams params = {view.outer, view.length, view.inner};
  int32_t indices = build_constant(b, EDGE_S32, 1, (uint32_t[]){(uint32_t)count}, index, 0.0f, 0);
  Operand y = resized_operand(b, x, axis, count);
  build_emit(b, EDGE_OP_GATHER, INPUTS(x->tensor, indices), y.tensor, &params, sizeof params);
  return y;
}

bool node_axes(const Node *node, int input, int rank, bool axes[GRAPH_MAX_RANK], bool *given) {
  const Attribute *attribute = node_attribute(node, "axes");
  const Tensor *constant = node_constant(node, input);
  if (attribute == NULL && constant == NULL && node_input(node, input) != NULL) return false;
  int64_t count = attribute != NULL  ? (int64_t)attribute->count
                  : constant != NULL ? tensor_elements(constant)
                                     : 0;
  *given = count > 0;
  for (int d = 0; d < rank; d++) axes[d] = !*given;
  for (int64_t i = 0; i < count; i++) {
    int axis;
    int64_t value = attribute != NULL ? attribute->ints[i] : tensor_get_integer(constant, i);
    if (!axis_normalize(value, rank, &axis)) return false;
    axes[axis] = true;
  }
  return true;
}

/* ---- Concat and Split ---- */

static Operand result_operand(Builder *b, const Value *out, Form form, Layout layout) {
  if (!layout_has_channels(&out->shape)) layout = LAYOUT_PLAIN;
  return (Operand){build_result(b, out, form, layout), out->shape, layout};
}

/* Channels last where an input with more than one order lies so. */
static Layout concat_layout(const Builder *b, const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (build_layout(b, node->inputs[i]) == LAYOUT_LAST) return LAYOUT_LAST;
  return LAYOUT_PLAIN;
}

Status lower_concat(Builder *b) {
  const Node *node = b->node;
  const Value *out = node->outputs[0];
  Form form = FORM_CODES;
  int axis;
  if (!axis_normalize(node_int(node, "axis", 1), out->shape.rank, &axis))
    return build_unsupported(b, "its axis is outside");
  for (int i = 0; i < node->input_count; i++)
    if (move_form(node->inputs[i], out) == FORM_REAL) form = FORM_REAL;
  Layout layout = concat_layout(b, node);
  Operand y = {0};
  Operand x[64];
  if (node->input_count > 64) return build_unsupported(b, "more than 64 inputs");
  for (int i = 0; i < node->input_count; i++) x[i] = move_operand(b, node->inputs[i], out, form);
  y = result_operand(b, out, form, layout);
  int64_t at = 0;
  for (int i = 0; i < node->input_count; i++) {
    MoveBox box = move_box(&x[i].shape);
    layout_strides(&x[i].shape, x[i].layout, box.x_stride);
    box.start[axis] = at;
    at += x[i].shape.dims[axis];
    if (shape_elements(&x[i].shape) > 0) move_emit(b, x[i].tensor, &y, &box);
  }
  return b->status;
}

/* Elements of x from `start` with `step`, as the whole output. */
static void copy_part(Builder *b, const Value *in, const Value *out, const int64_t *start,
                      const int64_t *step) {
  Form form = move_form(in, out);
  Operand x = move_operand(b, in, out, form);
  int32_t stride[GRAPH_MAX_RANK];
  MoveBox box = move_box(&out->shape);
  layout_strides(&x.shape, x.layout, stride);
  for (int d = 0; d < out->shape.rank; d++) {
    box.x_stride[d] = stride[d] * (int32_t)step[d];
    box.x_offset += start[d] * stride[d];
  }
  Operand y = result_operand(b, out, form, x.layout);
  move_emit(b, x.tensor, &y, &box);
}

Status lower_split(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0];
  int64_t start[GRAPH_MAX_RANK] = {0}, step[GRAPH_MAX_RANK];
  int axis;
  if (!axis_normalize(node_int(node, "axis", 0), in->shape.rank, &axis))
    return build_unsupported(b, "its axis is outside");
  for (int d = 0; d < GRAPH_MAX_RANK; d++) step[d] = 1;
  int64_t part = node->outputs[0] != NULL ? node->outputs[0]->shape.dims[axis] : 0;
  for (int i = 0; i < node->output_count; i++) {
    const Value *out = node->outputs[i];
    if (out == NULL) return build_unsupported(b, "one of its outputs is absent");
    part = out->shape.dims[axis];
    copy_part(b, in, out, start, step);
    start[axis] += part;
  }
  return b->status;
}

/* ---- Slice ---- */

/* Integer k of a slice's starts, axes or steps: from an attribute or a constant input. */
static bool slice_integer(const Node *node, const char *name, int input, int64_t k, int64_t *value) {
  const Attribute *attribute = node_attribute(node, name);
  const Tensor *constant = node_constant(node, input);
  if (attribute != NULL && k < (int64_t)attribute->count)
    *value = attribute->ints[k];
  else if (constant != NULL && k < tensor_elements(constant))
    *value = tensor_get_integer(constant, k);
  else
    return false;
  return true;
}

/* Where a slice begins: negative counts from the end; clamped as ONNX says. */
static int64_t slice_start(int64_t start, int64_t step, int64_t dim) {
  if (start < 0) start += dim;
  int64_t most = step < 0 ? dim - 1 : dim;
  return start < 0 ? 0 : start > most ? most : start;
}

Status lower_slice(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0];
  int64_t start[GRAPH_MAX_RANK] = {0}, step[GRAPH_MAX_RANK], first;
  for (int d = 0; d < GRAPH_MAX_RANK; d++) step[d] = 1;
  for (int64_t k = 0; slice_integer(node, "starts", 1, k, &first); k++) {
    int64_t value;
    int axis = (int)k;
    if (slice_integer(node, "axes", 3, k, &value) && !axis_normalize(value, in->shape.rank, &axis))
      return build_unsupported(b, "an axis is outside");
    slice_integer(node, "steps", 4, k, &step[axis]);
    start[axis] = slice_start(first, step[axis], in->shape.dims[axis]);
  }
  for (int i = 1; i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL)
      return build_unsupported(b, "its bounds are known only while running");
  copy_part(b, in, node->outputs[0], start, step);
  return b->status;
}

/* ---- Expand and Transpose ---- */

Status lower_expand(Builder *b) {
  const Value *in = b->node->inputs[0], *out = b->node->outputs[0];
  Form form = move_form(in, out);
  Operand x = move_operand(b, in, out, form);
  int32_t stride[GRAPH_MAX_RANK];
  MoveBox box = move_box(&out->shape);
  int missing = out->shape.rank - in->shape.rank;
  layout_strides(&x.shape, x.layout, stride);
  for (int d = missing; d < out->shape.rank; d++)
    box.x_stride[d] = in->shape.dims[d - missing] == 1 ? 0 : stride[d - missing];
  Operand y = result_operand(b, out, form, missing == 0 ? x.layout : LAYOUT_PLAIN);
  move_emit(b, x.tensor, &y, &box);
  return b->status;
}

/* True if elements that advance by x_stride are those of `shape` in that layout, byte for byte. */
static bool is_same_order(const Shape *shape, Layout layout, const int32_t *x_stride) {
  int32_t stride[GRAPH_MAX_RANK];
  layout_strides(shape, layout, stride);
  for (int d = 0; d < shape->rank; d++)
    if (shape->dims[d] != 1 && stride[d] != x_stride[d]) return false;
  return true;
}

Status lower_transpose(Builder *b) {
  const Value *in = b->node->inputs[0], *out = b->node->outputs[0];
  const Attribute *perm = node_attribute(b->node, "perm");
  Form form = move_form(in, out);
  Operand x = move_operand(b, in, out, form);
  int32_t stride[GRAPH_MAX_RANK];
  int rank = out->shape.rank;
  MoveBox box = move_box(&out->shape);
  layout_strides(&x.shape, x.layout, stride);
  for (int d = 0; d < rank; d++) box.x_stride[d] = stride[perm != NULL ? perm->ints[d] : rank - 1 - d];
  for (int layout = LAYOUT_PLAIN; layout <= LAYOUT_LAST; layout++)
    if ((layout == LAYOUT_PLAIN || layout_has_channels(&out->shape)) &&
        is_same_order(&out->shape, (Layout)layout, box.x_stride)) {
      build_put(b, out, form, (Layout)layout, x.tensor);
      return b->status;
    }
  Operand y = result_operand(b, out, form, LAYOUT_PLAIN);
  move_emit(b, x.tensor, &y, &box);
  return b->status;
}
