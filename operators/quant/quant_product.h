/*
 * quant_product.h - what products of codes share: codes as exact float64 numbers, so that the float
 * operator's reference kernel computes with them (sums of 8-bit products stay exact).
 */
#ifndef OPERATORS_QUANT_QUANT_PRODUCT_H
#define OPERATORS_QUANT_QUANT_PRODUCT_H

#include "operators/quant/quant.h"

/* A scale or zero point as it lies on a tensor of that rank: one number for all, a list along `axis`, or a
   tensor that is broadcast. */
Shape quant_lies_on(const Shape *parameter, int rank, int axis);
/* BAD_INPUT where input `parameter` (may be absent) does not lie on input `x`. */
Status quant_check_lies(Infer *infer, int x, int parameter, int axis);

/* BAD_INPUT where codes and their zero point (may be absent) differ in type. */
Status quant_check_type(Infer *infer, int codes, int zero_point);

/* (x - zero point) * scale as float64 in scratch memory; scale and zero point may be NULL. */
Status quant_real_tensor(Run *run, const Tensor *x, const Tensor *scale, const Tensor *zero_point, int axis,
                         Tensor *reals);

/* Infers `type` of the default domain on other inputs; output 0 gets its shape. */
Status quant_infer_as(Infer *infer, const char *type, const InferValue *in, int input_count,
                      ElementType output);
/* Runs it on float64 tensors, with this node's params; the product has output 0's shape, in scratch memory.
 */
Status quant_run_as(Run *run, const char *type, const Tensor *const *in, int input_count, Tensor *product);

#endif
