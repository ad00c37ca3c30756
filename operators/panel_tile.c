#include "operators/panel_tile.h"

#include "operators/panel_product.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define WIDTH 8 /* floats of a vector */

bool panel_product_runs(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* A NaN is the second operand and so the result. */
TARGET static ALWAYS_INLINE __m256 clamped(const Tile *tile, __m256 value) {
  return _mm256_min_ps(_mm256_set1_ps(tile->high), _mm256_max_ps(_mm256_set1_ps(tile->low), value));
}

/* Ones in the first `count` of 8 lanes. */
TARGET static ALWAYS_INLINE __m256i lanes(int64_t count) {
  __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count), numbers);
}

/* A row of a tile that is narrower than its panel, or not the first of its sum. */
TARGET static void finish_row(const Tile *tile, float *c, __m256 left, __m256 right) {
  __m256i left_lanes = lanes(tile->columns), right_lanes = lanes(tile->columns - WIDTH);
  if (tile->adds) {
    left = _mm256_add_ps(_mm256_maskload_ps(c, left_lanes), left);
    right = _mm256_add_ps(_mm256_maskload_ps(c + WIDTH, right_lanes), right);
  }
  _mm256_maskstore_ps(c, left_lanes, clamped(tile, left));
  if (tile->columns > WIDTH) _mm256_maskstore_ps(c + WIDTH, right_lanes, clamped(tile, right));
}

#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define BEGIN(r)                                                                                             \
  __m256 left##r = zero, right##r;                                                                           \
  if (r < rows && tile->start != NULL) left##r = _mm256_broadcast_ss(tile->start + r);                       \
  right##r = left##r;
#define ADD(r)                                                                                               \
  if (r < rows) {                                                                                            \
    __m256 factor = _mm256_broadcast_ss(a + r * stride);                                                     \
    left##r = _mm256_fmadd_ps(factor, b, left##r);                                                           \
    if (wide) right##r = _mm256_fmadd_ps(factor, b_right, right##r);                                         \
  }
#define STORE(r)                                                                                             \
  if (r < rows) {                                                                                            \
    _mm256_storeu_ps(c + r * tile->c_stride, clamped(tile, left##r));                                        \
    _mm256_storeu_ps(c + r * tile->c_stride + WIDTH, clamped(tile, right##r));                               \
  }
#define FINISH(r)                                                                                            \
  if (r < rows) finish_row(tile, c + r * tile->c_stride, left##r, right##r);

/* `rows` and `wide` are constants wherever this is inlined, and the sums stay in registers. */
TARGET static ALWAYS_INLINE void tile_of(const Tile *tile, int rows, bool wide) {
  const float *panel = tile->panel, *a = tile->a;
  float *c = tile->c;
  int64_t stride = tile->a_stride;
  __m256 zero = _mm256_setzero_ps();
  EACH_ROW(BEGIN)
  for (int64_t d = 0; d < tile->depth; d++, panel += PANEL_COLUMNS, a++) {
    __m256 b = _mm256_loadu_ps(panel), b_right = wide ? _mm256_loadu_ps(panel + WIDTH) : b;
    EACH_ROW(ADD)
  }
  if (tile->columns == PANEL_COLUMNS && !tile->adds) {
    EACH_ROW(STORE)
  } else {
    EACH_ROW(FINISH)
  }
}

#define TILE(rows)                                                                                           \
  TARGET static void tile_##rows(const Tile *tile) {                                                         \
    if (tile->columns > WIDTH)                                                                               \
      tile_of(tile, rows, true);                                                                             \
    else                                                                                                     \
      tile_of(tile, rows, false);                                                                            \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)

void panel_tile(const Tile *tile) {
  static void (*const by_rows[])(const Tile *) = {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};
  by_rows[tile->rows - 1](tile);
}

#else

bool panel_product_runs(void) {
  return false;
}

void panel_tile(const Tile *tile) {
  (void)tile;
}

#endif
