/* Float forms of x times a gate of x: composed of single instructions. */
#include "lower/float_ops.h"

#include <string.h>

static Operand times(Builder *b, const Operand *x, double factor) {
  Operand scalar = float_scalar(b, factor);
  return float_binary(b, EDGE_BINARY_MUL, x, &scalar, x->layout);
}

static Operand plus(Builder *b, const Operand *x, double term) {
  Operand scalar = float_scalar(b, term);
  return float_binary(b, EDGE_BINARY_ADD, x, &scalar, x->layout);
}

static Status put_gated(Builder *b, const Operand *x, const Operand *gate) {
  Operand y = float_binary(b, EDGE_BINARY_MUL, x, gate, x->layout);
  float_put(b, b->node->outputs[0], &y);
  return b->status;
}

/* sqrt(2 / pi) (x + 0.044715 x^3) */
static Operand gelu_argument(Builder *b, const Operand *x) {
  Operand square = float_binary(b, EDGE_BINARY_MUL, x, x, x->layout), inner = times(b, &square, 0.044715);
  inner = plus(b, &inner, 1);
  inner = float_binary(b, EDGE_BINARY_MUL, &inner, x, x->layout);
  return times(b, &inner, 0.79788456080286535588);
}

/* x (1 + erf(x / sqrt 2)) / 2, or with tanh where `approximate` says so */
Status float_gelu(Builder *b) {
  Operand x = elementwise_operand(b, b->node->inputs[0], FORM_REAL), gate;
  const Attribute *approximate = node_attribute(b->node, "approximate");
  if (approximate != NULL && approximate->s != NULL && strcmp(approximate->s, "tanh") == 0) {
    gate = gelu_argument(b, &x);
    gate = float_unary(b, EDGE_UNARY_TANH, &gate, 0, 0);
  } else {
    gate = times(b, &x, 0.70710678118654752440);
    gate = float_unary(b, EDGE_UNARY_ERF, &gate, 0, 0);
  }
  gate = plus(b, &gate, 1);
  gate = times(b, &gate, 0.5);
  return put_gated(b, &x, &gate);
}

/* x sigmoid(alpha x) */
Status float_swish(Builder *b) {
  Operand x = elementwise_operand(b, b->node->inputs[0], FORM_REAL);
  double alpha = node_float(b->node, "alpha", 1);
  Operand gate = alpha > 1 || alpha < 1 ? times(b, &x, alpha) : x;
  gate = float_unary(b, EDGE_UNARY_SIGMOID, &gate, 0, 0);
  return put_gated(b, &x, &gate);
}

/* x tanh(softplus(x)) */
Status float_mish(Builder *b) {
  Operand x = elementwise_operand(b, b->node->inputs[0], FORM_REAL);
  Operand gate = float_unary(b, EDGE_UNARY_SOFTPLUS, &x, 0, 0);
  gate = float_unary(b, EDGE_UNARY_TANH, &gate, 0, 0);
  return put_gated(b, &x, &gate);
}
