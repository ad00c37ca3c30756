/* panel_tile.h - the innermost part of a product from panels. Inside operators/panel_product.c. */
#ifndef OPERATORS_PANEL_TILE_H
#define OPERATORS_PANEL_TILE_H

#include <stdbool.h>
#include <stdint.h>

#define TILE_ROWS 6 /* times two vectors of sums, two of the panel and one of A: 15 of the 16 registers */

/* Some rows of C in the columns of one panel, over one block of the depth. */
typedef struct Tile {
  int64_t rows, columns, depth; /* 1..TILE_ROWS, 1..PANEL_COLUMNS, 1..PANEL_DEPTH */
  const float *a;
  int64_t a_stride;
  const float *panel;    /* a row of PANEL_COLUMNS after the other, or, with `places`, the left columns */
  const int64_t *places; /* NULL, or where the panel has its rows */
  int64_t right;         /* with `places`: from the left columns to the right ones */
  const float *start;    /* of each row; NULL: 0 */
  bool adds;             /* to what C holds */
  float low, high;       /* of the result */
  float *c;
  int64_t c_stride;
} Tile;

/* Only where panel_product_runs(). */
void panel_tile(const Tile *tile);

#endif
