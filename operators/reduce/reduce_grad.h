/*
 * reduce_grad.h - the way back through reductions, float32. A reduction's row says what dy/dx is: a factor
 * that all elements of a line share, times something that each element tells.
 */
#ifndef OPERATORS_REDUCE_REDUCE_GRAD_H
#define OPERATORS_REDUCE_REDUCE_GRAD_H

#include "operators/broadcast.h"
#include "operators/gradient.h"
#include "operators/reduce/reduce.h"

typedef enum ReduceElement {
  REDUCE_ONE,    /* 1 */
  REDUCE_X,      /* x */
  REDUCE_SIGN_X, /* -1, 0 or 1 */
  REDUCE_EXP,    /* exp(x - y), for x that are at most y */
  REDUCE_PICKED  /* 1 where x is y, else 0 */
} ReduceElement;

typedef struct ReduceDerivative {
  ReduceElement element;
  /* The factor, from the result and the number of elements in the line, with REDUCE_PICKED of those that are
     picked; NULL: 1. */
  double (*factor)(double y, double count);
} ReduceDerivative;

Status reduce_grad(Grad *grad, const ReduceDerivative *derivative);

/* The factor 1 / count: the line shares alike. */
double reduce_share(double y, double count);

/* Walks the input with the results stretched over it: operand 0 of the plan. */
typedef struct ReduceWalk {
  Broadcast plan;
  int64_t results;
  double count; /* elements of a line */
} ReduceWalk;

Status reduce_walk(Run *run, ReduceWalk *walk);

#endif
