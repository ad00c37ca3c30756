/* float_ops.h - float forms of single operators; the table in role_float.c names them. */
#ifndef LOWER_FLOAT_OPS_H
#define LOWER_FLOAT_OPS_H

#include "lower/float_steps.h"

Status float_batch_norm(Builder *b);
Status float_layer_norm(Builder *b);
Status float_softmax(Builder *b);
Status float_lrn(Builder *b);
Status float_conv(Builder *b);
Status float_conv_transpose(Builder *b);
Status float_gemm(Builder *b);
Status float_matmul(Builder *b);
Status float_pool(Builder *b); /* MaxPool, AveragePool */
Status float_gelu(Builder *b);
Status float_swish(Builder *b);
Status float_mish(Builder *b);

#endif
