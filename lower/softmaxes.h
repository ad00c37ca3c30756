/* softmaxes.h - what the integer and the float softmax share. */
#ifndef LOWER_SOFTMAXES_H
#define LOWER_SOFTMAXES_H

#include "lower/moves.h"

AxisView softmax_view(const Node *node, const Operand *x);
Operand softmax_operand(Builder *b, const Value *in, Form form);

#endif
