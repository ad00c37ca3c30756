/* elementwise.h - operators on two tensors, element by element, with broadcasting: roles sum, product, pick.
 */
#ifndef LOWER_ELEMENTWISE_H
#define LOWER_ELEMENTWISE_H

#include "lower/requant.h"

/* The layout in which a node's result should lie: channels last where an operand of the result's own shape
   lies so. */
Layout elementwise_layout(const Builder *b, const Node *node, const Shape *out);

/* Operands of one instruction: tensors, and the shapes and layouts in which their elements lie. */
typedef struct Operand {
  int32_t tensor;
  Shape shape;
  Layout layout;
} Operand;

Operand elementwise_operand(Builder *b, const Value *value, Form form);

/* ADD, MUL, MAXIMUM or MINIMUM of two operands in codes into a new tensor of `result`. The multipliers are
   given in units of the result's scale. */
Operand elementwise_emit(Builder *b, EdgeOpcode opcode, const Operand *a, const Operand *c, float a_mult,
                         float b_mult, const Result *result, Layout layout);

/* BINARY_F32 into a new tensor of that shape and layout. */
Operand elementwise_float(Builder *b, EdgeBinaryKind kind, const Operand *a, const Operand *c, EdgeType type,
                          const Shape *shape, Layout layout);

#endif
