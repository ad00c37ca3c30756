/*
 * row_product.h - float32 products of rows by rows, for processors with AVX2 and fused multiply-adds: both
 * factors are read along the depth, as in the gradient of a convolution's weight, whose depth are the pixels.
 *
 * The rows of A may lie anywhere, with gaps in them, so a convolution needs no column matrix. The rows of B
 * are copied to panels of PANEL_COLUMNS rows and at most ROW_DEPTH columns, turned so that the kernel reads
 * neighbours.
 */
#ifndef OPERATORS_ROW_PRODUCT_H
#define OPERATORS_ROW_PRODUCT_H

#include <stdint.h>

#define ROW_DEPTH 1024
#define ROW_PANEL_FLOATS (ROW_DEPTH * 16) /* scratch memory of a product */

/* C [m, n] += A [m, k] B [n, k]'; all sizes at least 1. The depth k is `runs` runs of `run` neighbouring
   floats. Sums are made in blocks of at most ROW_DEPTH and added to C one after the other. */
typedef struct RowProduct {
  int64_t m, n, runs, run;
  const float *a; /* row i begins at a + a_rows[i] */
  const int64_t *a_rows;
  int64_t a_step; /* between runs */
  const float *b;
  int64_t b_row, b_step; /* between rows, between runs */
  float *c;
  int64_t c_stride; /* a multiple of 8, at least n: what lies behind the n columns of a row is written too */
  float *panel;     /* ROW_PANEL_FLOATS */
} RowProduct;

/* Only where panel_product_runs(). */
void row_product(const RowProduct *product);

#endif
