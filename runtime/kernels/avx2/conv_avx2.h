/*
 * conv_avx2.h - AVX2 parts of the convolutions: widening to int16 and turning sums into results.
 */
#ifndef RUNTIME_KERNELS_AVX2_CONV_AVX2_H
#define RUNTIME_KERNELS_AVX2_CONV_AVX2_H

#include "runtime/kernels/plain/conv.h"

#ifdef __AVX2__
#include <immintrin.h>

/* 16 bytes as int16. */
static inline __m256i edge_avx2_load_s16(const int8_t *x) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)x));
}

/* 8 sums of outputs from `first` on as codes in 32 bits. The limits are whole numbers, so that clamping
   before rounding gives what clamping after it would; a NaN gives the lowest code, as in edge_code(). */
static inline __m256i edge_avx2_codes(const EdgeConvResult *r, int32_t first, const int32_t *sum) {
  __m256i bias = _mm256_loadu_si256((const __m256i *)(r->bias + first));
  __m256i acc = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)sum), bias);
  __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(r->mult + first));
  value = _mm256_max_ps(value, _mm256_set1_ps(r->codes.low));
  value = _mm256_min_ps(value, _mm256_set1_ps(r->codes.high));
  return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(r->codes.zero_point));
}

/* edge_conv_store() 8 outputs at a time, for int8. */
static inline void edge_avx2_store(const EdgeConvResult *r, ptrdiff_t at, int32_t first, const int32_t *sum,
                                   int32_t count) {
  int32_t i = 0;
  if (r->y.info->type == EDGE_S8) {
    int8_t *y = (int8_t *)r->y.data + at;
    for (; i + 8 <= count; i += 8) {
      __m256i codes = edge_avx2_codes(r, first + i, sum + i);
      __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
      _mm_storel_epi64((__m128i *)(y + i), _mm_packs_epi16(words, words));
    }
    for (int32_t j = 0; r->table != NULL && j < i; j++) y[j] = r->table[y[j] + 128];
  }
  edge_conv_store(r, at + i, first + i, sum + i, count - i);
}

#endif
#endif
