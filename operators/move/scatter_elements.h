/* scatter_elements.h - what ScatterElements and Scatter, its older name, share. */
#ifndef OPERATORS_MOVE_SCATTER_ELEMENTS_H
#define OPERATORS_MOVE_SCATTER_ELEMENTS_H

#include "operators/op.h"

typedef struct ScatterElementsParams {
  int64_t axis;
  int reduction; /* a ScatterReduction */
} ScatterElementsParams;

Status scatter_elements_infer(Infer *infer);
Status scatter_elements_run(Run *run);
Status scatter_elements_grad(Grad *grad);

#endif
