/*
 * gradient_moved.h - the gradient of operators that only move elements: each element of an output is one of
 * an input, or a zero.
 */
#ifndef OPERATORS_GRADIENT_MOVED_H
#define OPERATORS_GRADIENT_MOVED_H

#include "operators/gradient.h"

/* Finds out where every element of the outputs comes from by running `run` over the elements' numbers, and
   adds its gradient there. `run` must move elements of 8 bytes of any type, and read what it does not move
   (shapes, indices) from other inputs than `moved`: a set of bits, 1 << i for input i. A zero that it writes
   comes from nowhere. Inputs that are not moved get zeros. `params` take the place of the node's; NULL: they
   stay. */
Status grad_moved_by(Grad *grad, RunFunction run, uint64_t moved, const void *params);

#define MOVED_ALL UINT64_MAX /* every input, however many there are */

/* Input 0 is moved by the operator's own kernel. */
Status grad_moved(Grad *grad);

#endif
