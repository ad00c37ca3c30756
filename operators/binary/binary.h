/*
 * binary.h - what operators on two (or any number of) broadcast operands share. A file of this family has the
 * operation on one pair of numbers in three kinds, the row, and a loop over float32 where it is hot.
 */
#ifndef OPERATORS_BINARY_BINARY_H
#define OPERATORS_BINARY_BINARY_H

#include "operators/axes.h"
#include "operators/broadcast.h"
#include "operators/shape/content.h"

/* One pair of elements: floats in float64; signed integers as int64 and unsigned ones (and bool) as uint64,
   both wrapping around. A kind that the row's types do not have is NULL. Comparisons give 0 or 1. */
typedef struct BinaryFunctions {
  double (*real)(double a, double b);
  int64_t (*integer)(int64_t a, int64_t b);
  uint64_t (*natural)(uint64_t a, uint64_t b);
} BinaryFunctions;

/* Output 0 from inputs 0 and 1, by the kind of input 0. */
Status binary_run(Run *run, const BinaryFunctions *functions);

/* y[i] = a[i * step_a] op b[i * step_b], steps 0 or 1. */
typedef void (*BinaryLoop)(float *y, const float *a, int64_t step_a, const float *b, int64_t step_b,
                           int64_t n);

/* Runs `loop` where both operands are float32, else the reference kernel of the node's version. */
Status binary_fast(Run *run, BinaryLoop loop);

/* Defines a BinaryLoop from an expression of `a` and `b`, with loops that compilers make vectors of. */
#define BINARY_LOOP(name, expression)                                                                        \
  static inline float name##_of(float a, float b) {                                                          \
    return (expression);                                                                                     \
  }                                                                                                          \
  static void name(float *y, const float *a, int64_t step_a, const float *b, int64_t step_b, int64_t n) {    \
    if (step_a != 0 && step_b != 0)                                                                          \
      for (int64_t i = 0; i < n; i++) y[i] = name##_of(a[i], b[i]);                                          \
    else if (step_a != 0)                                                                                    \
      for (int64_t i = 0; i < n; i++) y[i] = name##_of(a[i], *b);                                            \
    else                                                                                                     \
      for (int64_t i = 0; i < n; i++) y[i] = name##_of(*a, b[step_b * i]);                                   \
  }

/* ---- the way back, float32 ---- */

/* The partial derivatives of the operation as loops of a and b; NULL: it is 1. */
Status binary_grad(Grad *grad, BinaryLoop of_a, BinaryLoop of_b);
/* Of a * b. */
Status binary_grad_product(Grad *grad);

/* ---- one operator for any number of operands: Max, Min, Sum, Mean ---- */

/* Operand after operand, from the first on. */
Status variadic_run(Run *run, const BinaryFunctions *functions);
Status variadic_fast(Run *run, BinaryLoop loop);
Status variadic_infer(Infer *infer);
/* Of Max and Min: operands that are equal to the result share its gradient. */
Status variadic_grad_picked(Grad *grad);
/* Of the sum of all operands times `factor`. */
Status variadic_grad_sum(Grad *grad, float factor);

/* ---- inference ---- */

/* Operands of one type; the result has that type (or bool) and the broadcast shape. */
Status binary_infer(Infer *infer);
Status binary_infer_bool(Infer *infer);
/* The broadcast shape of inputs 0 and 1, or none where one is unknown. */
Status binary_infer_shape(Infer *infer, ElementType type);

/* What is known of a op b, of two integers of which something may be known. */
typedef ContentItem (*BinaryContent)(ContentItem a, ContentItem b);
#define CONTENT_UNKNOWN (content_item(DIM_UNKNOWN))

/* After binary_infer() or binary_infer_bool(): the integers of the result, by those of the operands. */
Status binary_infer_content(Infer *infer, BinaryContent function);
/* The same symbol, which is some number, on both sides. */
bool content_is_same(ContentItem a, ContentItem b);

/* ---- operators of opset 1 to 6: B is stretched only where `broadcast` says so, from `axis` of A on ---- */

typedef struct BinaryParams {
  bool broadcast;
  int64_t axis; /* dim of A that the first dim of B lies on; below 0: B's dims are the last ones */
} BinaryParams;

extern const AttributeRow binary_attributes[];

/* As binary_infer() and as `kernel`, with dims of 1 put behind those of B, so that it lies on `axis`. */
Status binary_infer_at(Infer *infer, int64_t axis);
Status binary_run_at(Run *run, int64_t axis, RunFunction kernel);
/* The same with BinaryParams. */
Status binary_infer_old(Infer *infer);
Status binary_infer_bool_old(Infer *infer);
Status binary_run_old(Run *run, RunFunction kernel);
Status binary_grad_at(Grad *grad, int64_t axis, GradFunction back);
Status binary_grad_old(Grad *grad, GradFunction back);

/* ---- rows ---- */

/* axes_elementwise(), but of the old operators that lay B along an axis of A. */
void binary_axes(AxisRules *rules);

#define BINARY_PORTS(set, result_set)                                                                        \
  .inputs = {{"A", PORT_REQUIRED, (set), "[...]"}, {"B", PORT_REQUIRED, (set), "[...]"}},                    \
  .outputs = {{"C", PORT_REQUIRED, (result_set), "[...]"}}, .axes = binary_axes

/* ROLE_TABLE where one operand is a constant of one element, `otherwise` for two tensors. */
OpRole binary_role(const Node *node, OpRole otherwise);
/* The same, and ROLE_FLOAT with a reason for more than two operands. */
OpRole variadic_role(const Node *node, OpRole otherwise, const char **reason);

#endif
