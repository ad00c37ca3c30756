/* Instructions on two broadcast operands. */
#include "lower/elementwise.h"

Layout elementwise_layout(const Builder *b, const Node *node, const Shape *out) {
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value != NULL && value->constant == NULL && shape_equals(&value->shape, out))
      return builder_layout(b, value);
  }
  return LAYOUT_PLAIN;
}

Operand elementwise_operand(Builder *b, const Value *value, Form form) {
  int32_t tensor = builder_get(b, value, form, LAYOUT_ANY);
  return (Operand){tensor, value->shape, builder_layout(b, value)};
}

static void too_many_axes(Builder *b) {
  builder_fail(b, UNSUPPORTED, "operands that differ along more than %d axes", EDGE_MAX_RANK);
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
  builder_emit(b, opcode, INPUTS(a->tensor, c->tensor, result->table), y, &params, sizeof params);
  return (Operand){y, result->value->shape, layout};
}

Operand elementwise_float(Builder *b, EdgeBinaryKind kind, const Operand *a, const Operand *c, EdgeType type,
                          const Shape *shape, Layout layout) {
  EdgeBinaryF32Params params = {.kind = kind};
  Loops loops = loops_of(a, c, shape, layout);
  if (!loops_store(&loops, &params.rank, params.dims, (int32_t *const[]){params.a_stride, params.b_stride}))
    too_many_axes(b);
  uint32_t dims[EDGE_MAX_RANK];
  int32_t y = builder_tensor(b, type, builder_dims(shape, layout, dims), dims, 0.0f, 0);
  builder_emit(b, EDGE_OP_BINARY_F32, INPUTS(a->tensor, c->tensor), y, &params, sizeof params);
  return (Operand){y, *shape, layout};
}
