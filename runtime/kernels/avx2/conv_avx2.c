/*
 * CONV with AVX2: 16 products an instruction (vpmaddwd), 4 pixels times 2 outputs at a time.
 *
 * Rows of pixels are padded to whole vectors. Weights are not: the last vector of a row of weights is the 16
 * bytes that end with it, so it overlaps what came before, and the row of pixels has zeros there. For rows
 * shorter than 16 those bytes begin before the row, and for the first ones before the tensor: still in the
 * file, because the weights section lies behind the header.
 */
#include "runtime/kernel.h"
#include "runtime/kernels/avx2/conv_avx2.h"

#include <string.h>

#ifdef __AVX2__

EDGE_INLINE void widen(int16_t *row, const int8_t *x, int32_t count) {
  const __m256i offset = _mm256_set1_epi16(128);
  int32_t i = 0;
  for (; i + 16 <= count; i += 16)
    _mm256_storeu_si256((__m256i *)(row + i), _mm256_add_epi16(edge_avx2_load_s16(x + i), offset));
  for (; i < count; i++) row[i] = (int16_t)(x[i] + 128);
}

/* Moves what does not fill a vector to the end of it, with zeros before. */
EDGE_INLINE void finish(int16_t *row, int32_t depth) {
  int32_t rest = depth % 16;
  if (rest == 0) return;
  int16_t last[16] = {0};
  memcpy(last + 16 - rest, row + depth - rest, (size_t)rest * sizeof *row);
  memcpy(row + depth - rest, last, sizeof last);
}

/* Where vector `at` of a row of weights lies. */
EDGE_INLINE int32_t weights_at(int32_t at, int32_t depth) {
  return at + 16 <= depth ? at : depth - 16;
}

static inline __m256i load_row(const int16_t *row) {
  return _mm256_loadu_si256((const __m256i *)row);
}

/* The 8 lanes of each of four vectors summed up. */
static inline __m128i sum_lanes(__m256i a, __m256i b, __m256i c, __m256i d) {
  __m256i quarters = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm_add_epi32(_mm256_castsi256_si128(quarters), _mm256_extracti128_si256(quarters, 1));
}

/* Four pixels times two outputs; sum[4][2], rows of EDGE_CONV_OUTPUTS. */
static inline void multiply_4x2(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, const int8_t *w0,
                                const int8_t *w1, int32_t depth) {
  const int16_t *x0 = rows, *x1 = x0 + row_length, *x2 = x1 + row_length, *x3 = x2 + row_length;
  __m256i zero = _mm256_setzero_si256(), s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero,
          s21 = zero, s30 = zero, s31 = zero;
  for (int32_t k = 0; k < depth; k += 16) {
    int32_t at = weights_at(k, depth);
    __m256i v0 = edge_avx2_load_s16(w0 + at), v1 = edge_avx2_load_s16(w1 + at), x;
    x = load_row(x0 + k);
    s00 = _mm256_add_epi32(s00, _mm256_madd_epi16(x, v0));
    s01 = _mm256_add_epi32(s01, _mm256_madd_epi16(x, v1));
    x = load_row(x1 + k);
    s10 = _mm256_add_epi32(s10, _mm256_madd_epi16(x, v0));
    s11 = _mm256_add_epi32(s11, _mm256_madd_epi16(x, v1));
    x = load_row(x2 + k);
    s20 = _mm256_add_epi32(s20, _mm256_madd_epi16(x, v0));
    s21 = _mm256_add_epi32(s21, _mm256_madd_epi16(x, v1));
    x = load_row(x3 + k);
    s30 = _mm256_add_epi32(s30, _mm256_madd_epi16(x, v0));
    s31 = _mm256_add_epi32(s31, _mm256_madd_epi16(x, v1));
  }
  __m128i top = sum_lanes(s00, s01, s10, s11), bottom = sum_lanes(s20, s21, s30, s31);
  _mm_storel_epi64((__m128i *)sum, top);
  _mm_storel_epi64((__m128i *)(sum + EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(top, top));
  _mm_storel_epi64((__m128i *)(sum + 2 * EDGE_CONV_OUTPUTS), bottom);
  _mm_storel_epi64((__m128i *)(sum + 3 * EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(bottom, bottom));
}

/* One pixel times four outputs; sum[4]. */
static inline void multiply_1x4(int32_t *sum, const int16_t *row, const int8_t *w0, const int8_t *w1,
                                const int8_t *w2, const int8_t *w3, int32_t depth) {
  __m256i zero = _mm256_setzero_si256(), s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  for (int32_t k = 0; k < depth; k += 16) {
    int32_t at = weights_at(k, depth);
    __m256i x = load_row(row + k);
    s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(x, edge_avx2_load_s16(w0 + at)));
    s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(x, edge_avx2_load_s16(w1 + at)));
    s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(x, edge_avx2_load_s16(w2 + at)));
    s3 = _mm256_add_epi32(s3, _mm256_madd_epi16(x, edge_avx2_load_s16(w3 + at)));
  }
  _mm_storeu_si128((__m128i *)sum, sum_lanes(s0, s1, s2, s3));
}

/* The last outputs may be fewer than four or two: then some are computed more than once. All sums have room,
   because EDGE_CONV_OUTPUTS is a multiple of four. */
static void multiply(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, int32_t pixels, const int8_t *w,
                     int32_t depth, int32_t outputs) {
  const int8_t *last = w + (ptrdiff_t)(outputs - 1) * depth;
  if (pixels == 4) {
    for (int32_t o = 0; o < outputs; o += 2) {
      const int8_t *w0 = w + (ptrdiff_t)o * depth;
      multiply_4x2(sum + o, rows, row_length, w0, w0 == last ? w0 : w0 + depth, depth);
    }
    return;
  }
  for (int32_t o = 0; o < outputs; o += 4) {
    const int8_t *at[4] = {w + (ptrdiff_t)o * depth};
    for (int i = 1; i < 4; i++) at[i] = at[i - 1] == last ? last : at[i - 1] + depth;
    for (int32_t i = 0; i < pixels; i++)
      multiply_1x4(sum + i * EDGE_CONV_OUTPUTS + o, rows + i * row_length, at[0], at[1], at[2], at[3], depth);
  }
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_conv_run((EdgeConvSteps){widen, finish, multiply, edge_avx2_store}, call);
}

const EdgeKernel edge_avx2_conv = {.run = run};

#endif
