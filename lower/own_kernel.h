/* own_kernel.h - what an operator's own reference kernel says: the source of tables and of resampling. */
#ifndef LOWER_OWN_KERNEL_H
#define LOWER_OWN_KERNEL_H

#include "lower/builder.h"
#include "operators/op.h"

/* Runs the node with `in` in place of its input `x`, its other inputs being constants, into `out`, which has
   shape and memory. */
Status run_own_kernel(Builder *b, const Node *node, const Value *x, const Tensor *in, Tensor *out);

#endif
