/* cumulative.h - what CumSum and CumProd share. */
#ifndef OPERATORS_MOVE_CUMULATIVE_H
#define OPERATORS_MOVE_CUMULATIVE_H

#include "operators/op.h"

typedef struct CumulativeParams {
  bool exclusive; /* each element counts only for those behind it */
  bool reverse;   /* from the end */
} CumulativeParams;

extern const AttributeRow cumulative_attributes[];

Status cumulative_infer(Infer *infer);
Status cumulative_sum_run(Run *run);
Status cumulative_product_run(Run *run);
Status cumulative_product_grad(Grad *grad);

#endif
