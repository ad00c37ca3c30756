/*
 * qlinear.h - operators on 8-bit codes that carry their scales and zero points as inputs: how each is made
 * up, and the float operator that it means. What ONNX itself lacks of them are com.microsoft's.
 *
 *     const QLinearForm *form = qlinear_form(node->domain, node->type);      // NULL for any other operator
 *     for (int i = 0; i < qlinear_operands(form, node); i++) ... qlinear_operand(form, i) ...
 */
#ifndef OPERATORS_QLINEAR_QLINEAR_H
#define OPERATORS_QLINEAR_QLINEAR_H

#include "operators/quant/quant_product.h"

#define QLINEAR_DOMAIN "com.microsoft"
#define QLINEAR_REAL ELEMENT_BIT(ELEMENT_FLOAT32)

/* Input numbers of a tensor of codes and of what its codes mean. */
typedef struct QLinearOperand {
  int codes, scale, zero_point;
} QLinearOperand;

typedef struct QLinearForm {
  const char *domain, *type;
  const char *real;     /* the operator of ai.onnx that computes the same on real numbers */
  int count;            /* of operands; 0: any number, from in[0] on */
  QLinearOperand in[2]; /* what `real` takes as inputs 0 and 1 */
  int bias;             /* int32, its scale the product of those of the operands, times alpha; -1: none */
  QLinearOperand out;   /* without codes: those are output 0 */
} QLinearForm;

/* NULL where the operator is none of these. */
const QLinearForm *qlinear_form(const char *domain, const char *type);
/* The one that means the operator of ai.onnx; NULL where there is none. */
const QLinearForm *qlinear_form_of(const char *real);

int qlinear_operands(const QLinearForm *form, const Node *node);
QLinearOperand qlinear_operand(const QLinearForm *form, int i);
/* The axis of operand i, of that rank, along which it may have scales; -1 where it has one scale only. */
int qlinear_axis(const QLinearForm *form, const Node *node, int i, int rank);

/* ---- rows: what those of com.microsoft share ---- */

Status qlinear_infer(Infer *infer);
/* Computes on the real numbers that the codes mean, in float64, with the params of the float operator: those
   of the row must begin with them. */
Status qlinear_run(Run *run);
/* UNSUPPORTED where channels come last. */
Status qlinear_check_layout(const Node *node, int64_t channels_last, Error *err);

#define QLINEAR_OPERAND(name, shape)                                                                         \
  {name, PORT_REQUIRED, QUANT_CODES_8, shape}, {name "_scale", PORT_REQUIRED, QLINEAR_REAL, "[]"}, {         \
    name "_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[]"                                                   \
  }
#define QLINEAR_RESULT(name)                                                                                 \
  {name "_scale", PORT_REQUIRED, QLINEAR_REAL, "[]"}, {                                                      \
    name "_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[]"                                                   \
  }
#define QLINEAR_CHANNELS_LAST(type) ATTRIBUTE(type, channels_last, FIELD_INT, .otherwise = 0)

#endif
