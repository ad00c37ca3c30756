/* products.h - parts of the role linear: products of two activations, and transposed convolution. */
#ifndef LOWER_PRODUCTS_H
#define LOWER_PRODUCTS_H

#include "lower/builder.h"

/* Gemm and MatMul without constant weights: MATMUL. */
Status lower_pair(Builder *b);
/* MatMul in float32. */
Status lower_pair_float(Builder *b);
/* The matrix with its last two axes changed, as a tensor of its own. */
int32_t product_transposed(Builder *b, const Value *matrix, Form form);
Status lower_conv_transpose(Builder *b);

#endif
