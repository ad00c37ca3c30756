/* conv_grad.h - the way back through convolutions, float32. Inside operators/conv/. */
#ifndef OPERATORS_CONV_CONV_GRAD_H
#define OPERATORS_CONV_CONV_GRAD_H

#include "operators/conv/conv_case.h"

/* Gradients of inputs 0 (data), 1 (weight) and 2 (bias), where they are asked for. */
Status conv_grad(Grad *grad, const ConvCase *c);
/* The same for a transposed convolution: `c` as conv_sizes() fills it for one. */
Status conv_transpose_grad(Grad *grad, const ConvCase *c);

/* What conv_grad() is made of. Each writes all elements of dx or dw; x, dy and weight are laid out as the
   node has them. What does not fit goes through a column matrix. */
bool conv_grad_data_fits(const ConvCase *c);
Status conv_grad_data(Run *run, const ConvCase *c, const float *dy, const float *weight, float *dx);
bool conv_grad_scatter_fits(const ConvCase *c);
Status conv_grad_scatter(Run *run, const ConvCase *c, const float *dy, const float *weight, float *dx);
bool conv_grad_weight_fits(const ConvCase *c);
Status conv_grad_weight(Run *run, const ConvCase *c, const float *x, const float *dy, float *dw);
bool depthwise_grad_weight_fits(const ConvCase *c);
Status depthwise_grad_weight(Run *run, const ConvCase *c, const float *x, const float *dy, float *dw);
void conv_grad_bias(const ConvCase *c, const float *dy, float *bias);

/* Through a column matrix and CBLAS; dw or dx may be NULL. */
Status conv_grad_columns(Run *run, const ConvCase *c, const float *x, const float *weight, const float *dy,
                         float *dw, float *dx);

#endif
