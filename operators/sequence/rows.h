/* rows.h - parts of a tensor along an axis. `part` has the shape of `whole` but along `axis`. */
#ifndef OPERATORS_SEQUENCE_ROWS_H
#define OPERATORS_SEQUENCE_ROWS_H

#include "operators/control/control.h"

/* The rows of `part` become rows `at` and following of `whole`. */
void rows_put(const Tensor *part, Tensor *whole, int axis, int64_t at);
/* The other way. */
void rows_take(const Tensor *whole, int axis, int64_t at, Tensor *part);

#endif
