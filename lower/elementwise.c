/* Instructions on two broadcast operands. */
#include "lower/elementwise.h"

Layout elementwise_layout(const Builder *b, const Node *node, const Shape *out) {
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value != NULL && shape_equals(&value->shape, out) && build_layout(b, value) == LAYOUT_LAST)
      return LAYOUT_LAST;
  }
  return LAYOUT_PLAIN;
}

/* Before opset 7 an attribute said at which axis of the first operand the second one's axes begin. */
static Shape broadcast_shape(const Node *node, const Value *value) {
  const Attribute *axis = node != NULL ? node_attribute(node, "axis") : NULL;
  Shape shape = value->shape;
  if (axis == NULL || node->input_count != 2 || value != node->inputs[1] ||
      node_int(node, "broadcast", 0) == 0)
    return shape;
  int64_t rank =
      node->inputs[0]->shape.rank - (axis->i < 0 ? axis->i + node->inputs[0]->shape.rank : axis->i);
  while (shape.rank < rank && shape.rank < GRAPH_MAX_RANK) shape.dims[shape.rank++] = 1;
  return shape;
}

Operand elementwise_operand(Builder *b, const Value *value, Form form) {
  Shape shape = broadcast_shape(b->node, value);
  Layout layout = shape.rank == value->shape.rank ? build_layout(b, value) : LAYOUT_PLAIN;
  return (Operand){build_get(b, value, form, layout), shape, layout};
}

static void too_many_axes(Builder *b) {
  build_fail(b, UNSUPPORTED, "operands that differ along more than %d axes", EDGE_MAX_RANK);
}

static Loops loops_of(const Operand *a, const Operand *c, const Shape *shape, Layout layout) {
  Loops loops;
  loops_broadcast(&loops, shape, layout, 2, (const Shape *const[]){&a->shape, &c->shape},
                  (const Layout[]){a->layout, c->layout});
  return loops;
}

Operand elementwise_emit(Builder *b, EdgeOpcode opcode, const Operand *a, const Operand *c, float a_mult,
                         float b_mult, const Result *result, Layout layout) {
  EdgeBinaryParams params = {.a_mult = a_mult,
                             .b_mult = b_mult,
                             .act_min = result->codes.least,
                             .act_max = result->codes.most,
                             .pre_zero_point = result->codes.zero_point};
  Loops loops = loops_of(a, c, &result->value->shape, layout);
  if (!loops_store(&loops, &params.rank, params.dims, (int32_t *const[]){params.a_stride, params.b_stride}))
    too_many_axes(b);
  int32_t y = result_tensor(b, result, layout);
  build_emit(b, opcode, INPUTS(a->tensor, c->tensor, result->table), y, &params, sizeof params);
  return (Operand){y, result->value->shape, layout};
}

Operand elementwise_float(Builder *b, EdgeBinaryKind kind, const Operand *a, const Operand *c, EdgeType type,
                          const Shape *shape, Layout layout) {
  EdgeBinaryF32Params params = {.kind = (int32_t)kind};
  Loops loops = loops_of(a, c, shape, layout);
  if (!loops_store(&loops, &params.rank, params.dims, (int32_t *const[]){params.a_stride, params.b_stride}))
    too_many_axes(b);
  uint32_t dims[EDGE_MAX_RANK];
  int32_t y = build_tensor(b, type, build_dims(shape, layout, dims), dims, 0.0f, 0);
  build_emit(b, EDGE_OP_BINARY_F32, INPUTS(a->tensor, c->tensor), y, &params, sizeof params);
  return (Operand){y, *shape, layout};
}
