/* concat.h - the attribute of Concat, which its quantized form has too. */
#ifndef OPERATORS_MOVE_CONCAT_H
#define OPERATORS_MOVE_CONCAT_H

#include "operators/op.h"

typedef struct ConcatParams {
  int64_t axis;
} ConcatParams;

#endif
