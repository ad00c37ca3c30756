/* arg.h - what ArgMax and ArgMin share. */
#ifndef OPERATORS_REDUCE_ARG_H
#define OPERATORS_REDUCE_ARG_H

#include "operators/op.h"

typedef struct ArgParams {
  int64_t axis;
  bool keepdims, select_last_index;
} ArgParams;

extern const AttributeRow arg_attributes[];
Status arg_infer(Infer *infer);
/* Indices of the largest elements along the axis (smallest where `least`). NaN is above all and below all. */
Status arg_run(Run *run, bool least);

#endif
