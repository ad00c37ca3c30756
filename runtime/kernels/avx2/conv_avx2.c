/*
 * CONV with AVX2: 16 products an instruction (vpmaddwd), 4 pixels times 2 outputs at a time.
 *
 * Rows of pixels are padded to whole vectors. Weights are not: the last vector of a row of weights is the 16
 * bytes that end with it, so it overlaps what came before, and the row of pixels has zeros there. For rows
 * shorter than 16 those bytes begin before the row, and for the first ones before the tensor: still in the
 * file, because the weights section lies behind the header.
 */
#include "runtime/kernels/avx2/conv_avx2.h"
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv_walk.h"

#ifdef __AVX2__

/* 8 bytes as int16, plus 128. */
static inline __m128i widen_8(const int8_t *x) {
  return _mm_add_epi16(_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)x)), _mm_set1_epi16(128));
}

/* What does not fill a vector is done by one that overlaps the last. */
EDGE_INLINE void widen(int16_t *row, const int8_t *x, int32_t count) {
  const __m256i offset = _mm256_set1_epi16(128);
  int32_t i = 0;
  for (; i + 16 <= count; i += 16)
    _mm256_storeu_si256((__m256i *)(row + i), _mm256_add_epi16(edge_avx2_load_s16(x + i), offset));
  if (i + 8 < count) {
    _mm_storeu_si128((__m128i *)(row + i), widen_8(x + i));
    i += 8;
  }
  if (count >= 8 && i < count)
    _mm_storeu_si128((__m128i *)(row + count - 8), widen_8(x + count - 8));
  else
    for (; i < count; i++) row[i] = (int16_t)(x[i] + 128);
}

/* Moves what does not fill a vector to the end of it, with zeros before: it is the end of the 16 elements
   that end with the row. */
EDGE_INLINE void finish(int16_t *row, int32_t depth) {
  static const int16_t masks[32] = {0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                                    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  int32_t rest = depth % 16;
  if (rest == 0) return;
  __m256i mask = _mm256_loadu_si256((const __m256i *)(masks + rest));
  __m256i last = _mm256_loadu_si256((const __m256i *)(row + depth - 16));
  _mm256_storeu_si256((__m256i *)(row + depth - rest), _mm256_and_si256(last, mask));
}

static inline __m256i load_row(const int16_t *row) {
  return _mm256_loadu_si256((const __m256i *)row);
}

/* The 8 lanes of each of four vectors summed up. */
static inline __m128i sum_lanes(__m256i a, __m256i b, __m256i c, __m256i d) {
  __m256i quarters = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm_add_epi32(_mm256_castsi256_si128(quarters), _mm256_extracti128_si256(quarters, 1));
}

/* 16 products for four pixels times two outputs: sum[2 * pixel + output]. */
EDGE_INLINE void step_4x2(__m256i sum[8], const int16_t *row, ptrdiff_t row_length, const int8_t *w0,
                          const int8_t *w1) {
  __m256i v0 = edge_avx2_load_s16(w0), v1 = edge_avx2_load_s16(w1);
  __m256i x0 = load_row(row), x1 = load_row(row + row_length), x2 = load_row(row + 2 * row_length),
          x3 = load_row(row + 3 * row_length);
  sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(x0, v0));
  sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(x0, v1));
  sum[2] = _mm256_add_epi32(sum[2], _mm256_madd_epi16(x1, v0));
  sum[3] = _mm256_add_epi32(sum[3], _mm256_madd_epi16(x1, v1));
  sum[4] = _mm256_add_epi32(sum[4], _mm256_madd_epi16(x2, v0));
  sum[5] = _mm256_add_epi32(sum[5], _mm256_madd_epi16(x2, v1));
  sum[6] = _mm256_add_epi32(sum[6], _mm256_madd_epi16(x3, v0));
  sum[7] = _mm256_add_epi32(sum[7], _mm256_madd_epi16(x3, v1));
}

/* Four pixels times two outputs; sum[4][2] in rows of EDGE_CONV_OUTPUTS. */
static inline void multiply_4x2(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, const int8_t *w0,
                                const int8_t *w1, int32_t depth) {
  __m256i zero = _mm256_setzero_si256(), s[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16) step_4x2(s, rows + k, row_length, w0 + k, w1 + k);
  if (k < depth) step_4x2(s, rows + k, row_length, w0 + depth - 16, w1 + depth - 16);
  __m128i top = sum_lanes(s[0], s[1], s[2], s[3]), bottom = sum_lanes(s[4], s[5], s[6], s[7]);
  _mm_storel_epi64((__m128i *)sum, top);
  _mm_storel_epi64((__m128i *)(sum + EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(top, top));
  _mm_storel_epi64((__m128i *)(sum + 2 * EDGE_CONV_OUTPUTS), bottom);
  _mm_storel_epi64((__m128i *)(sum + 3 * EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(bottom, bottom));
}

/* 16 products for one pixel times four outputs, whose weights begin at w[]. */
EDGE_INLINE void step_1x4(__m256i sum[4], const int16_t *row, const int8_t *const w[4], ptrdiff_t at) {
  __m256i x = load_row(row);
  sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(x, edge_avx2_load_s16(w[0] + at)));
  sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(x, edge_avx2_load_s16(w[1] + at)));
  sum[2] = _mm256_add_epi32(sum[2], _mm256_madd_epi16(x, edge_avx2_load_s16(w[2] + at)));
  sum[3] = _mm256_add_epi32(sum[3], _mm256_madd_epi16(x, edge_avx2_load_s16(w[3] + at)));
}

/* One pixel times four outputs; sum[4]. */
static inline void multiply_1x4(int32_t *sum, const int16_t *row, const int8_t *const w[4], int32_t depth) {
  __m256i zero = _mm256_setzero_si256(), s[4] = {zero, zero, zero, zero};
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16) step_1x4(s, row + k, w, k);
  if (k < depth) step_1x4(s, row + k, w, (ptrdiff_t)depth - 16);
  _mm_storeu_si128((__m128i *)sum, sum_lanes(s[0], s[1], s[2], s[3]));
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
      multiply_1x4(sum + i * EDGE_CONV_OUTPUTS + o, rows + i * row_length, at, depth);
  }
}

static void compute(const EdgeConvJob *job, int16_t *rows, int32_t begin, int32_t end) {
  edge_conv_compute((EdgeConvSteps){widen, finish, multiply, edge_avx2_store}, job, rows, begin, end);
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_conv_run(call, compute);
}

const EdgeKernel edge_avx2_conv = {.run = run};

#endif
