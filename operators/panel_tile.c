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

/* What becomes of sums on their way to C. */
typedef struct Finish {
  bool adds;
  __m256 low, high;
} Finish;

/* A NaN is the second operand and so the result. */
TARGET static ALWAYS_INLINE __m256 clamped(Finish finish, __m256 value) {
  return _mm256_min_ps(finish.high, _mm256_max_ps(finish.low, value));
}

/* The first `columns` of a vector of results, where those are not all. */
TARGET static ALWAYS_INLINE void store_part(Finish finish, float *c, int64_t columns, __m256 sums) {
  __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i valid = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)columns), numbers);
  if (finish.adds) sums = _mm256_add_ps(_mm256_maskload_ps(c, valid), sums);
  _mm256_maskstore_ps(c, valid, clamped(finish, sums));
}

TARGET static ALWAYS_INLINE void store(Finish finish, float *c, __m256 sums) {
  _mm256_storeu_ps(c, clamped(finish, finish.adds ? _mm256_add_ps(_mm256_loadu_ps(c), sums) : sums));
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
    store(finish, c + r * c_stride, left##r);                                                                \
    store(finish, c + r * c_stride + WIDTH, right##r);                                                       \
  }
#define STORE_PART(r)                                                                                        \
  if (r < rows) {                                                                                            \
    store_part(finish, c + r * c_stride, columns, left##r);                                                  \
    if (wide) store_part(finish, c + r * c_stride + WIDTH, columns - WIDTH, right##r);                       \
  }

/* `rows`, `wide` and `placed` are constants wherever this is inlined, and the sums stay in registers. */
TARGET static ALWAYS_INLINE void tile_of(const Tile *tile, int rows, bool wide, bool placed) {
  const float *panel = tile->panel, *a = tile->a;
  const int64_t *places = tile->places;
  float *c = tile->c;
  int64_t stride = tile->a_stride, right = placed ? tile->right : WIDTH;
  __m256 zero = _mm256_setzero_ps();
  EACH_ROW(BEGIN)
  for (int64_t d = 0; d < tile->depth; d++, a++) {
    const float *row = placed ? panel + places[d] : panel + d * PANEL_COLUMNS;
    __m256 b = _mm256_loadu_ps(row), b_right = wide ? _mm256_loadu_ps(row + right) : b;
    EACH_ROW(ADD)
  }
  int64_t c_stride = tile->c_stride, columns = tile->columns;
  Finish finish = {tile->adds, _mm256_set1_ps(tile->low), _mm256_set1_ps(tile->high)};
  if (columns == PANEL_COLUMNS) {
    EACH_ROW(STORE)
  } else {
    EACH_ROW(STORE_PART)
  }
}

#define TILE(rows)                                                                                           \
  TARGET static void tile_##rows(const Tile *tile) {                                                         \
    bool wide = tile->columns > WIDTH, placed = tile->places != NULL;                                        \
    if (placed && wide)                                                                                      \
      tile_of(tile, rows, true, true);                                                                       \
    else if (placed)                                                                                         \
      tile_of(tile, rows, false, true);                                                                      \
    else if (wide)                                                                                           \
      tile_of(tile, rows, true, false);                                                                      \
    else                                                                                                     \
      tile_of(tile, rows, false, false);                                                                     \
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
