#include "operators/panel_product.h"

#include "base/wide.h"
#include "operators/panel_tile.h"

#include <math.h>
#include <string.h>

#define PANEL_STEP ((PANEL_DEPTH + 1) * PANEL_COLUMNS) /* floats between panels */
#define GROUP_COLUMNS (PANELS * PANEL_COLUMNS)
#define ROWS_AHEAD 8                /* that are fetched while a row is copied: rows lie far apart */
#define GROUP_ROWS (16 * TILE_ROWS) /* of A that stay in the cache while panels pass by */

/* Panels of at most that depth stay in the cache all together: A then passes by, and C is written a long
   stretch of a row at a time. */
#define SHALLOW 64

/* Neighbouring columns that are neighbours in the source too and lie in one panel. */
typedef struct Piece {
  int64_t to, from, count;
} Piece;

typedef struct Pieces {
  Piece list[GROUP_COLUMNS];
  int count;
  int64_t reach; /* the furthest float that copying them whole reads, from the source of a row */
} Pieces;

static int64_t least_of(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static void find_pieces(Pieces *pieces, const PanelSource *b, int64_t column, int64_t columns) {
  pieces->count = 0;
  pieces->reach = 0;
  for (int64_t j = 0; j < columns;) {
    int64_t in_row = (column + j) % b->width, in_panel = j % PANEL_COLUMNS;
    int64_t count = least_of(columns - j, least_of(b->width - in_row, PANEL_COLUMNS - in_panel));
    int64_t from = (column + j) / b->width * b->row_step + in_row;
    pieces->list[pieces->count++] = (Piece){j / PANEL_COLUMNS * PANEL_STEP + in_panel, from, count};
    if (from + PANEL_COLUMNS > pieces->reach) pieces->reach = from + PANEL_COLUMNS;
    j += count;
  }
}

/* Pieces are copied PANEL_COLUMNS floats each, whatever they have: what is too much is overwritten by the
   piece behind or by the next row. */
WIDE_LOOP static void copy_whole(const Pieces *pieces, float *to, const float *from, int64_t ahead) {
  for (int p = 0; p < pieces->count; p++) {
    const float *piece = from + pieces->list[p].from;
    __builtin_prefetch(piece + ahead);
    memcpy(to + pieces->list[p].to, piece, PANEL_COLUMNS * sizeof *to);
  }
}

static void copy_exactly(const Pieces *pieces, float *to, const float *from) {
  for (int p = 0; p < pieces->count; p++)
    memcpy(to + pieces->list[p].to, from + pieces->list[p].from, (size_t)pieces->list[p].count * sizeof *to);
}

static void fill_panels(float *panels, const PanelSource *b, const Pieces *pieces, int64_t from,
                        int64_t depth) {
  const float *channel = b->data + from / b->taps * b->channel_step;
  int64_t tap = from % b->taps, ahead = b->taps == 1 ? ROWS_AHEAD * b->channel_step : b->channel_step;
  for (int64_t d = 0; d < depth; d++, panels += PANEL_COLUMNS) {
    const float *row = channel + b->offsets[tap];
    if (b->end - row >= pieces->reach)
      copy_whole(pieces, panels, row, ahead);
    else
      copy_exactly(pieces, panels, row);
    if (++tap < b->taps) continue;
    tap = 0;
    channel += b->channel_step;
  }
}

/* Rows [from, end) of the result in the columns of one panel. */
static void multiply_panel(Tile tile, const PanelProduct *p, int64_t from, int64_t end) {
  tile.a += from * p->a_stride;
  tile.c += from * p->c_stride;
  int64_t tiles = (end - from + TILE_ROWS - 1) / TILE_ROWS; /* alike: sums of few rows wait for one another */
  for (int64_t i = from; i < end; i += tile.rows, tiles--) {
    tile.rows = (end - i + tiles - 1) / tiles;
    tile.start = tile.adds || p->start == NULL ? NULL : p->start + i;
    panel_tile(&tile);
    tile.a += tile.rows * p->a_stride;
    tile.c += tile.rows * p->c_stride;
  }
}

/* All rows in the columns of the panels, over one block of the depth. */
static void multiply_panels(Tile tile, const PanelProduct *p, int64_t columns) {
  const float *panels = tile.panel;
  float *c = tile.c;
  int64_t rows = tile.depth > SHALLOW ? GROUP_ROWS : TILE_ROWS;
  for (int64_t i = 0; i < p->m; i += rows)
    for (int64_t j = 0; j < columns; j += PANEL_COLUMNS) {
      tile.panel = panels + j / PANEL_COLUMNS * PANEL_STEP;
      tile.c = c + j;
      tile.columns = least_of(columns - j, PANEL_COLUMNS);
      multiply_panel(tile, p, i, least_of(p->m, i + rows));
    }
}

/* The tile for the depth from `d` on. */
static Tile tile_at(const PanelProduct *p, int64_t d) {
  int64_t depth = least_of(p->k - d, PANEL_DEPTH);
  bool is_last = d + depth == p->k;
  return (Tile){.depth = depth,
                .a = p->a + d,
                .a_stride = p->a_stride,
                .adds = d > 0,
                .low = is_last ? p->low : -INFINITY,
                .high = is_last ? p->high : INFINITY,
                .c_stride = p->c_stride};
}

/* ---- columns that are read where they are ---- */

#define HALF_COLUMNS (PANEL_COLUMNS / 2)
#define FEW_ROWS 32 /* of A: copying columns is not worth it */

static bool stays_in_place(const PanelProduct *p) {
  return p->b.places != NULL && p->b.width % HALF_COLUMNS == 0 && p->n % HALF_COLUMNS == 0 &&
         p->m <= FEW_ROWS;
}

static int64_t column_place(const PanelSource *b, int64_t column) {
  return column / b->width * b->row_step + column % b->width;
}

static void multiply_in_place(const PanelProduct *p) {
  for (int64_t j = 0; j < p->n; j += PANEL_COLUMNS)
    for (int64_t d = 0; d < p->k; d += PANEL_DEPTH) {
      Tile tile = tile_at(p, d);
      int64_t left = column_place(&p->b, j);
      tile.columns = least_of(p->n - j, PANEL_COLUMNS);
      tile.panel = p->b.data + left;
      tile.right = column_place(&p->b, j + HALF_COLUMNS) - left;
      tile.places = p->b.places + d;
      tile.c = p->c + j;
      multiply_panel(tile, p, 0, p->m);
    }
}

void panel_product(const PanelProduct *p) {
  if (stays_in_place(p)) {
    multiply_in_place(p);
    return;
  }
  Pieces pieces;
  for (int64_t j = 0; j < p->n; j += GROUP_COLUMNS) {
    int64_t columns = least_of(p->n - j, GROUP_COLUMNS);
    find_pieces(&pieces, &p->b, j, columns);
    for (int64_t d = 0; d < p->k; d += PANEL_DEPTH) {
      Tile tile = tile_at(p, d);
      tile.panel = p->panels;
      tile.c = p->c + j;
      fill_panels(p->panels, &p->b, &pieces, d, tile.depth);
      multiply_panels(tile, p, columns);
    }
  }
}

PanelProduct panel_product_of(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c,
                              float *panels) {
  static const int64_t none = 0;
  PanelSource source = {
      .data = b, .end = b + k * n, .channel_step = n, .taps = 1, .offsets = &none, .width = n, .row_step = n};
  return (PanelProduct){.m = m,
                        .n = n,
                        .k = k,
                        .a = a,
                        .a_stride = k,
                        .b = source,
                        .low = -INFINITY,
                        .high = INFINITY,
                        .c = c,
                        .c_stride = n,
                        .panels = panels};
}
