/* cast.h - what Cast and CastLike share. */
#ifndef OPERATORS_UNARY_CAST_H
#define OPERATORS_UNARY_CAST_H

#include "operators/op.h"

#define CAST_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

/* Fills `y` with the elements of `x` in y's type: floats to integers truncated and saturated (NaN gives 0),
   integers among each other by their lowest bits, to floats rounded to the nearest even, to bool != 0. */
void cast_tensor(const Tensor *x, Tensor *y);
/* Output 0 is input 0 in type `to`. */
Status cast_infer(Infer *infer, ElementType to);
OpRole cast_role(const Node *node, const char **reason);

#endif
