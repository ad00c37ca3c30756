/*
 * panel_product.h - float32 matrix products by hand, for processors with AVX2 and fused multiply-adds.
 *
 * The right-hand matrix is copied, a few panels of PANEL_COLUMNS columns and at most PANEL_DEPTH rows at a
 * time, to where the kernel reads it from the cache. Its columns may lie anywhere that a PanelSource can say,
 * so a convolution needs no column matrix. The left-hand matrix is read where it is.
 *
 * Every element of the result is the same sum in the same order, wherever it lies: products are added up in
 * blocks of PANEL_DEPTH, and the blocks to the start one after the other.
 */
#ifndef OPERATORS_PANEL_PRODUCT_H
#define OPERATORS_PANEL_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#define PANEL_COLUMNS 16
#define PANEL_DEPTH 256
#define PANEL_LEAST_ROWS 4 /* of A, for which copying B into panels is worth it */
#define PANELS 8           /* that are filled together */
/* Scratch memory of a product: each panel has a row more than it holds, which copying may run into. */
#define PANEL_FLOATS (PANELS * (PANEL_DEPTH + 1) * PANEL_COLUMNS)

/* The right-hand matrix. Element [d][j] is data[(d / taps) * channel_step + offsets[d % taps] +
   (j / width) * row_step + j % width]. */
typedef struct PanelSource {
  const float *data, *end; /* nothing is read from `end` on */
  int64_t channel_step, taps;
  const int64_t *offsets;
  int64_t width, row_step;
  const int64_t
      *places; /* NULL, or (d / taps) * channel_step + offsets[d % taps] for every row d: columns may then
                  be read where they are instead of being copied, which pays where A has few rows */
} PanelSource;

/* C [m, n] = start + A [m, k] B [k, n], clamped to low..high; all sizes at least 1. */
typedef struct PanelProduct {
  int64_t m, n, k;
  const float *a;
  int64_t a_stride;
  PanelSource b;
  const float *start; /* of each row; NULL: 0 */
  float low, high;    /* NaN stays NaN */
  float *c;
  int64_t c_stride;
  float *panels; /* PANEL_FLOATS */
} PanelProduct;

/* Whether the processor can. */
bool panel_product_runs(void);
void panel_product(const PanelProduct *product);
/* The product of two matrices as they stand, rows one after the other. */
PanelProduct panel_product_of(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c,
                              float *panels);

#endif
