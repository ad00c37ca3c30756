/* conv_grad.h - the way back through convolutions, float32. Inside operators/conv/. */
#ifndef OPERATORS_CONV_CONV_GRAD_H
#define OPERATORS_CONV_CONV_GRAD_H

#include "operators/conv/conv_case.h"

/* Gradients of inputs 0 (data), 1 (weight) and 2 (bias), where they are asked for. */
Status conv_grad(Grad *grad, const ConvCase *c);
/* The same for a transposed convolution: `c` as conv_sizes() fills it for one. */
Status conv_transpose_grad(Grad *grad, const ConvCase *c);

#endif
