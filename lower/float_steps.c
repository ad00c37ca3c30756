/* Float instructions as functions. */
#include "lower/float_steps.h"

Operand float_unary(Builder *b, EdgeUnaryKind kind, const Operand *x, float a, float c) {
  EdgeUnaryF32Params params = {(int32_t)kind, a, c};
  EdgeTensor info = b->tensors[x->tensor].info;
  Operand y = {build_tensor(b, EDGE_F32, info.rank, info.dims, 0.0f, 0), x->shape, x->layout};
  build_emit(b, EDGE_OP_UNARY_F32, INPUTS(x->tensor), y.tensor, &params, sizeof params);
  return y;
}

Operand float_binary(Builder *b, EdgeBinaryKind kind, const Operand *a, const Operand *c, Layout layout) {
  Shape shape;
  if (!shape_broadcast(&a->shape, &c->shape, &shape)) {
    build_fail(b, BAD_INPUT, "its inputs' shapes do not fit");
    return *a;
  }
  if (!layout_has_channels(&shape)) layout = LAYOUT_PLAIN;
  EdgeType type = (EdgeType)b->tensors[a->tensor].info.type;
  if (kind == EDGE_BINARY_EQUAL || kind == EDGE_BINARY_LESS || kind == EDGE_BINARY_GREATER) type = EDGE_BOOL;
  return elementwise_float(b, kind, a, c, type, &shape, layout);
}

Operand float_scalar(Builder *b, double value) {
  float number = (float)value;
  return (Operand){build_constant(b, EDGE_F32, 0, NULL, &number, 0.0f, 0), SHAPE_SCALAR, LAYOUT_PLAIN};
}

Operand float_vector(Builder *b, const float *values, int64_t count, int axis, int rank) {
  Operand vector = {.shape = {.rank = rank - axis}, .layout = LAYOUT_PLAIN};
  vector.shape.dims[0] = count;
  for (int d = 1; d < vector.shape.rank; d++) vector.shape.dims[d] = 1;
  vector.tensor = build_constant(b, EDGE_F32, 1, (uint32_t[]){(uint32_t)count}, values, 0.0f, 0);
  return vector;
}

void float_put(Builder *b, const Value *value, const Operand *operand) {
  build_put(b, value, FORM_REAL, operand->layout, operand->tensor);
}
