#include "operators/row_product.h"

#include "operators/panel_product.h"
#include "operators/panel_tile.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define WIDTH 8 /* floats of a vector */

static int64_t least_of(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* ---- panels: element d of 16 rows of B, then element d + 1 ---- */

/* Eight neighbours of eight rows, turned. */
TARGET static ALWAYS_INLINE void turn_eight(const float *from, int64_t stride, float *to) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(from + i * stride);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], _MM_SHUFFLE(1, 0, 1, 0));
      r[i + 2 * j + 1] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], _MM_SHUFFLE(3, 2, 3, 2));
    }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * PANEL_COLUMNS, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * PANEL_COLUMNS, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

TARGET static void turn_run(const float *from, int64_t stride, int64_t rows, int64_t depth, float *to) {
  for (int64_t i = 0; i < rows; i += WIDTH) {
    int64_t whole = rows - i >= WIDTH ? depth / WIDTH * WIDTH : 0;
    for (int64_t d = 0; d < whole; d += WIDTH)
      turn_eight(from + i * stride + d, stride, to + d * PANEL_COLUMNS + i);
    for (int64_t d = whole; d < depth; d++)
      for (int64_t r = i; r < i + WIDTH; r++) to[d * PANEL_COLUMNS + r] = r < rows ? from[r * stride + d] : 0;
  }
}

/* ---- tiles: some rows of A by a panel ---- */

#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define BEGIN(r)                                                                                             \
  const float *a##r = p->a + rows[r < count ? r : 0];                                                        \
  __m256 left##r = _mm256_setzero_ps(), right##r = left##r;
#define ADD(r)                                                                                               \
  if (r < count) {                                                                                           \
    __m256 factor = _mm256_broadcast_ss(a##r + x);                                                           \
    left##r = _mm256_fmadd_ps(factor, b, left##r);                                                           \
    if (wide) right##r = _mm256_fmadd_ps(factor, b_right, right##r);                                         \
  }
#define NEXT(r) a##r += p->a_step;
#define STORE(r)                                                                                             \
  if (r < count) {                                                                                           \
    float *to = c + r * p->c_stride;                                                                         \
    _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), left##r));                                       \
    if (wide) _mm256_storeu_ps(to + WIDTH, _mm256_add_ps(_mm256_loadu_ps(to + WIDTH), right##r));            \
  }

/* `count` and `wide` are constants wherever this is inlined, and the sums stay in registers. */
TARGET static ALWAYS_INLINE void row_tile_of(const RowProduct *p, const int64_t *rows, float *c, int count,
                                             bool wide) {
  const float *panel = p->panel;
  EACH_ROW(BEGIN)
  for (int64_t y = 0; y < p->runs; y++) {
    for (int64_t x = 0; x < p->run; x++, panel += PANEL_COLUMNS) {
      __m256 b = _mm256_loadu_ps(panel), b_right = wide ? _mm256_loadu_ps(panel + WIDTH) : b;
      EACH_ROW(ADD)
    }
    EACH_ROW(NEXT)
  }
  EACH_ROW(STORE)
}

typedef void (*TileKernel)(const RowProduct *p, const int64_t *rows, float *c);

#define TILE(count)                                                                                          \
  TARGET static void row_tile_##count(const RowProduct *p, const int64_t *rows, float *c) {                  \
    row_tile_of(p, rows, c, count, true);                                                                    \
  }                                                                                                          \
  TARGET static void half_row_tile_##count(const RowProduct *p, const int64_t *rows, float *c) {             \
    row_tile_of(p, rows, c, count, false);                                                                   \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)

/* All rows of A by the panel, whose first column is column j of C. */
static void multiply_panel(const RowProduct *p, int64_t j) {
  static const TileKernel kernels[2][TILE_ROWS] = {
      {half_row_tile_1, half_row_tile_2, half_row_tile_3, half_row_tile_4, half_row_tile_5, half_row_tile_6},
      {row_tile_1, row_tile_2, row_tile_3, row_tile_4, row_tile_5, row_tile_6}};
  bool wide = p->n - j > WIDTH;
  int64_t tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS; /* alike: sums of few rows wait for one another */
  for (int64_t i = 0, rows; i < p->m; i += rows, tiles--) {
    rows = (p->m - i + tiles - 1) / tiles;
    kernels[wide][rows - 1](p, p->a_rows + i, p->c + i * p->c_stride + j);
  }
}

/* A part of the depth that fits into a panel. */
static void multiply_part(const RowProduct *p) {
  for (int64_t j = 0; j < p->n; j += PANEL_COLUMNS) {
    for (int64_t y = 0; y < p->runs; y++)
      turn_run(p->b + j * p->b_row + y * p->b_step, p->b_row, least_of(p->n - j, PANEL_COLUMNS), p->run,
               p->panel + y * p->run * PANEL_COLUMNS);
    multiply_panel(p, j);
  }
}

void row_product(const RowProduct *p) {
  int64_t together = p->run < ROW_DEPTH ? ROW_DEPTH / p->run : 1;
  for (int64_t y = 0; y < p->runs; y += together)
    for (int64_t x = 0; x < p->run; x += ROW_DEPTH) {
      RowProduct part = *p;
      part.runs = least_of(p->runs - y, together);
      part.run = least_of(p->run - x, ROW_DEPTH);
      part.a += y * p->a_step + x;
      part.b += y * p->b_step + x;
      multiply_part(&part);
    }
}

#else

void row_product(const RowProduct *product) {
  (void)product;
}

#endif
