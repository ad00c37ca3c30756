/* Role index: what the model itself computes in integers and truth values; and what makes such from reals. */
#include "lower/float_steps.h"
#include "lower/moves.h"
#include "lower/roles.h"

static Status lower_cast(Builder *b) {
  const Value *in = b->node->inputs[0], *out = b->node->outputs[0];
  Layout layout = build_layout(b, in);
  int32_t x = build_get(b, in, FORM_REAL, layout);
  int32_t y = build_result(b, out, FORM_REAL, layout);
  if (b->tensors[x].info.type == b->tensors[y].info.type)
    build_put(b, out, FORM_REAL, layout, x);
  else
    build_emit(b, EDGE_OP_CAST, INPUTS(x), y, NULL, 0);
  return b->status;
}

/* In codes where they are there: their order is that of the reals. */
static Status lower_argmax(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  int axis;
  if (!axis_normalize(node_int(node, "axis", 0), in->shape.rank, &axis))
    return build_unsupported(b, "its axis is outside");
  Form form = build_form(in);
  Operand x = elementwise_operand(b, in, form);
  if (x.layout == LAYOUT_LAST && axis != 1)
    x = (Operand){build_get(b, in, form, LAYOUT_PLAIN), in->shape, LAYOUT_PLAIN};
  AxisView view = axis_view(&x, axis);
  EdgeArgmaxParams params = {view.outer, view.length, view.inner, node_int(node, "select_last_index", 0) != 0,
                             node_is(node, "ArgMin")};
  int32_t y = build_result(b, out, FORM_REAL, LAYOUT_PLAIN);
  build_emit(b, EDGE_OP_ARGMAX, INPUTS(x.tensor), y, &params, sizeof params);
  return b->status;
}

/* condition ? a : b in codes of the result, where all are in codes. */
Status lower_where(Builder *b) {
  const Node *node = b->node;
  const Value *out = node->outputs[0];
  Form form = move_form(node->inputs[1], out) == FORM_CODES && move_form(node->inputs[2], out) == FORM_CODES
                  ? FORM_CODES
                  : FORM_REAL;
  Operand c = elementwise_operand(b, node->inputs[0], FORM_REAL);
  Operand x = move_operand(b, node->inputs[1], out, form), z = move_operand(b, node->inputs[2], out, form);
  Layout layout = elementwise_layout(b, node, &out->shape);
  EdgeSelectParams params = {0};
  Loops loops;
  loops_broadcast(&loops, &out->shape, layout, 3, (const Shape *const[]){&c.shape, &x.shape, &z.shape},
                  (const Layout[]){c.layout, x.layout, z.layout});
  if (!loops_store(&loops, &params.rank, params.dims,
                   (int32_t *const[]){params.c_stride, params.a_stride, params.b_stride}))
    return build_unsupported(b, "too many axes");
  int32_t y = build_result(b, out, form, layout);
  build_emit(b, EDGE_OP_SELECT, INPUTS(c.tensor, x.tensor, z.tensor), y, &params, sizeof params);
  return b->status;
}

static bool is_move(const Node *node) {
  static const char *const names[] = {"Concat", "Split",  "Slice",     "Pad",   "Expand",
                                      "Where",  "Gather", "Transpose", "Resize"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (node_is(node, names[i])) return true;
  return false;
}

static bool is_reshape(const Node *node) {
  static const char *const names[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (node_is(node, names[i])) return true;
  return false;
}

Status lower_index(Builder *b) {
  const Node *node = b->node;
  if (node_is(node, "Cast") || node_is(node, "CastLike")) return lower_cast(b);
  if (node_is(node, "ArgMax") || node_is(node, "ArgMin")) return lower_argmax(b);
  if (is_move(node)) return lower_same_scale(b);
  if (is_reshape(node)) return lower_view(b);
  return lower_float(b); /* arithmetic and comparisons take integers, too */
}
