/*
 * CONV_F32_CODED with AVX2: a vector holds the 8 lanes of one sum, so that the order of all additions is the
 * definition's. Four sums go side by side: of four pixels, or of four outputs where pixels are fewer.
 */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv_f32_coded.h"

#ifdef __AVX2__
#include <immintrin.h>

/* 8 codes as floats. */
static inline __m256 load_codes(const int8_t *w) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)w)));
}

static inline __m256 add_product(__m256 sum, __m256 x, __m256 w) {
  return _mm256_add_ps(sum, _mm256_mul_ps(x, w));
}

/* edge_coded_total() */
static inline float total_of(__m256 lanes) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* Four sums, each of a row and weights of its own. */
typedef struct Four {
  const float *x[4];
  const int8_t *w[4];
  const uint8_t *factors[4]; /* of runs; not used where there are none */
} Four;

/* The last count % 8 products: no lane behind them is touched. */
static inline void add_tail(__m256 *lanes, const float *x, const int8_t *w, int32_t count) {
  float sum[8];
  _mm256_storeu_ps(sum, *lanes);
  for (int32_t j = 0; j < count; j++) sum[j] += x[j] * (float)w[j];
  *lanes = _mm256_loadu_ps(sum);
}

/* lanes[i] += the products begin..end-1; `one_w`: all four have the same weights. */
EDGE_INLINE void add_products(__m256 lanes[4], const Four *four, int32_t begin, int32_t end, int one_w) {
  __m256 s0 = lanes[0], s1 = lanes[1], s2 = lanes[2], s3 = lanes[3];
  int32_t k = begin;
  for (; k + 8 <= end; k += 8) {
    __m256 w0 = load_codes(four->w[0] + k), w1 = one_w ? w0 : load_codes(four->w[1] + k),
           w2 = one_w ? w0 : load_codes(four->w[2] + k), w3 = one_w ? w0 : load_codes(four->w[3] + k);
    s0 = add_product(s0, _mm256_loadu_ps(four->x[0] + k), w0);
    s1 = add_product(s1, _mm256_loadu_ps(four->x[1] + k), w1);
    s2 = add_product(s2, _mm256_loadu_ps(four->x[2] + k), w2);
    s3 = add_product(s3, _mm256_loadu_ps(four->x[3] + k), w3);
  }
  lanes[0] = s0;
  lanes[1] = s1;
  lanes[2] = s2;
  lanes[3] = s3;
  for (int i = 0; k < end && i < 4; i++) add_tail(&lanes[i], four->x[i] + k, four->w[i] + k, end - k);
}

EDGE_INLINE void sum_four(float *sum, ptrdiff_t step, const EdgeCodedBlock *block, const Four *four,
                          int one_w) {
  __m256 zero = _mm256_setzero_ps(), total[4] = {zero, zero, zero, zero};
  int32_t length = block->depth / block->runs;
  if (block->factors == NULL) {
    add_products(total, four, 0, block->depth, one_w);
  } else {
    for (int32_t run = 0; run < block->runs; run++) {
      __m256 lanes[4] = {zero, zero, zero, zero};
      add_products(lanes, four, run * length, (run + 1) * length, one_w);
      for (int i = 0; i < 4; i++)
        total[i] = add_product(total[i], lanes[i], _mm256_set1_ps((float)four->factors[i][run]));
    }
  }
  for (int i = 0; i < 4; i++) sum[i * step] = total_of(total[i]);
}

/* Where there are fewer than four pixels or outputs, the last one is computed more than once, into sums that
   have room but no meaning. */
static void sums(float *sum, const EdgeCodedBlock *block, int32_t pixels, int32_t outputs) {
  Four four;
  if (pixels == EDGE_CODED_PIXELS) {
    for (int32_t o = 0; o < outputs; o++) {
      for (int i = 0; i < 4; i++) {
        four.x[i] = block->row[i];
        four.w[i] = block->w + (ptrdiff_t)o * block->depth;
        if (block->factors != NULL) four.factors[i] = block->factors + (ptrdiff_t)o * block->runs;
      }
      sum_four(sum + o * EDGE_CODED_PIXELS, 1, block, &four, 1);
    }
    return;
  }
  for (int32_t p = 0; p < pixels; p++)
    for (int32_t o = 0; o < outputs; o += 4) {
      for (int32_t i = 0; i < 4; i++) {
        int32_t at = o + i < outputs ? o + i : outputs - 1;
        four.x[i] = block->row[p];
        four.w[i] = block->w + (ptrdiff_t)at * block->depth;
        if (block->factors != NULL) four.factors[i] = block->factors + (ptrdiff_t)at * block->runs;
      }
      sum_four(sum + o * EDGE_CODED_PIXELS + p, EDGE_CODED_PIXELS, block, &four, 0);
    }
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_coded_run(call, sums);
}

const EdgeKernel edge_avx2_conv_f32_coded = {.run = run};

#endif
