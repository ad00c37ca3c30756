/* float_steps.h - single float instructions as functions, from which whole operators are composed. */
#ifndef LOWER_FLOAT_STEPS_H
#define LOWER_FLOAT_STEPS_H

#include "lower/elementwise.h"

Operand float_unary(Builder *b, EdgeUnaryKind kind, const Operand *x, float a, float c);
/* Of the shape to which both broadcast, in that layout. */
Operand float_binary(Builder *b, EdgeBinaryKind kind, const Operand *a, const Operand *c, Layout layout);
/* One float32 number; a vector along axis `axis` of tensors of that rank. */
Operand float_scalar(Builder *b, double value);
Operand float_vector(Builder *b, const float *values, int64_t count, int axis, int rank);
/* The value is that operand. */
void float_put(Builder *b, const Value *value, const Operand *operand);

#endif
