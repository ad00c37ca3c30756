/* softmax_rows.h - what Softmax, LogSoftmax and Hardmax share: the rows that they work on. */
#ifndef OPERATORS_SOFTMAX_SOFTMAX_ROWS_H
#define OPERATORS_SOFTMAX_SOFTMAX_ROWS_H

#include "operators/axes.h"
#include "operators/reals.h"

#define SOFTMAX_SINCE_ALONG 13 /* before, all axes from `axis` on are one row */

typedef struct SoftmaxParams {
  int64_t axis; /* after softmax_check(): the default of the node's version where it is not given */
} SoftmaxParams;

extern const AttributeRow softmax_attributes[];
Status softmax_check(const Node *node, void *params, Error *err);
Status softmax_infer(Infer *infer);

/* What is not part of a row may go. */
void softmax_axes(AxisRules *rules);

/* `rows` rows of `count` elements, `step` apart. */
typedef struct SoftmaxRows {
  int64_t rows, count, step;
} SoftmaxRows;

SoftmaxRows softmax_rows(const Run *run);

/* First element of a row. */
static inline int64_t softmax_start(const SoftmaxRows *r, int64_t row) {
  return row / r->step * r->count * r->step + row % r->step;
}

/* Computes one row of doubles in place: `count` elements, `step` apart. */
typedef void (*SoftmaxRow)(double *x, int64_t count, int64_t step);

/* Reference kernel: `compute` on every row. */
Status softmax_plain(Run *run, SoftmaxRow compute);

/* The way back, row by row: writes dx from dy and the row's result y, all `step` apart. */
typedef void (*SoftmaxBack)(float *dx, const float *dy, const float *y, int64_t count, int64_t step);
Status softmax_grad(Grad *grad, SoftmaxBack back);

#endif
