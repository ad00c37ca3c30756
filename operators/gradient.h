/*
 * gradient.h - what backward passes share. A gradient has the shape of what it is the gradient of, and is
 * float32; kernels write every element of those they are asked for and never add to what is there.
 *
 * Rounding has no gradient of use. Rows with `straight_through` take it as if it were the identity: an output
 * of theirs of any type carries a float32 gradient with respect to its numbers, and only such rows may read
 * it.
 */
#ifndef OPERATORS_GRADIENT_H
#define OPERATORS_GRADIENT_H

#include "operators/op.h"

/* The elements of the gradient of input i, to be written; NULL where nobody asks for it. */
static inline float *grad_of_input(const Grad *grad, int i) {
  return i < grad->run.input_count && grad->in_grad[i] != NULL ? grad->in_grad[i]->data : NULL;
}
/* The gradient of output i; NULL where it is zero. */
static inline const float *grad_of_output(const Grad *grad, int i) {
  return i < grad->run.output_count && grad->out_grad[i] != NULL ? grad->out_grad[i]->data : NULL;
}

/* dy/dx of a function of one element, x and y of the forward run. */
typedef double (*GradDerivative)(double x, double y, const void *params);
/* Input 0 by the chain rule; inputs after it, if asked for, get zeros. */
Status grad_elementwise(Grad *grad, GradDerivative derivative);
/* `n` elements: dx[i] = dy[i] * derivative, written so that compilers make vectors of it. */
typedef void (*GradLoop)(float *restrict dx, const float *restrict dy, const float *restrict x,
                         const float *restrict y, int64_t n, const void *params);
Status grad_elementwise_fast(Grad *grad, GradLoop loop);

/* Input 0 is output 0 in another shape: its gradient is the output's. Others get zeros. */
Status grad_view(Grad *grad);
/* The function is constant almost everywhere: every gradient is zero. */
Status grad_zero(Grad *grad);

/* Sums `full`, of the shape `shape`, over the axes that were stretched when `to` was broadcast to it; a fixed
   order of addition, in double. `to` is written. */
Status grad_sum_to(Grad *grad, Tensor *to, const float *full, const Shape *shape);

#endif
