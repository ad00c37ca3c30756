/* pool.h - what pooling operators share: one driver that gathers windows, and what is made of a window. */
#ifndef OPERATORS_POOL_POOL_H
#define OPERATORS_POOL_POOL_H

#include "operators/reals.h"
#include "operators/window.h"

#define POOL_TYPES_MAX (ELEMENTS_FLOAT | ELEMENT_BIT(ELEMENT_INT8) | ELEMENT_BIT(ELEMENT_UINT8))

typedef struct AveragePoolParams {
  WindowParams window;
  bool count_include_pad;
} AveragePoolParams;

#define AVERAGE_POOL_ATTRIBUTES                                                                              \
  WINDOW_ATTRIBUTES, ATTRIBUTE(WindowParams, ceil_mode, FIELD_BOOL, .otherwise = 0),                         \
      ATTRIBUTE(AveragePoolParams, count_include_pad, FIELD_BOOL, .otherwise = 0)

/* The elements of one window. */
typedef struct PoolTaps {
  const double *values; /* of the taps inside the input, row-major */
  int64_t count;        /* of them */
  int64_t padded;       /* taps inside input or padding */
  int64_t chosen;       /* set by pool_maximum(): index of the largest in `values` */
} PoolTaps;

/* Makes one number of a window; `option` is an attribute of the operator. */
typedef double (*PoolReduce)(PoolTaps *taps, int64_t option);

double pool_maximum(PoolTaps *taps, int64_t option); /* -infinity for an empty window; NaN never wins */
double pool_average(PoolTaps *taps, int64_t count_include_pad);
double pool_norm(PoolTaps *taps, int64_t p); /* (sum |x|^p)^(1/p) */

/* Sizes of one pooling node. */
typedef struct PoolCase {
  Window window;  /* widened: always 3 axes */
  int64_t planes; /* N * C */
  int64_t in_pixels, out_pixels;
} PoolCase;

/* Refuses a node without kernel_shape; `params` begin with WindowParams. */
Status pool_check(const Node *node, void *params, Error *err);
/* Shape of the pooled output, on output 0. */
Status pool_infer(Infer *infer);
/* [N, C, 1, ...] */
Status pool_infer_global(Infer *infer);

Status pool_begin(Run *run, PoolCase *c);

/* Where an element of a plane stands in the Indices output of MaxPool. */
typedef int64_t (*PoolIndex)(const PoolCase *c, int64_t position);

/* Reference kernel; output 1, where wanted, gets where the chosen elements are by way of `index`. */
Status pool_plain(Run *run, PoolReduce reduce, int64_t option, PoolIndex index);
Status pool_plain_global(Run *run, PoolReduce reduce, int64_t option);

/* float32 kernels for one or two axes. */
bool pool_fast_fits(const Run *run, const PoolCase *c);
Status pool_fast_maximum(Run *run, const PoolCase *c);
Status pool_fast_average(Run *run, const PoolCase *c, bool count_include_pad);

/* The way back, float32. */
Status pool_grad_maximum(Grad *grad);
Status pool_grad_average(Grad *grad, bool count_include_pad);
Status pool_grad_global_average(Grad *grad);
Status pool_grad_global_maximum(Grad *grad);
Status pool_grad_norm(Grad *grad, int64_t p);
Status pool_grad_global_norm(Grad *grad, int64_t p);

#endif
