/*
 * CONV with AVX2: 16 products an instruction (vpmaddwd), in one of two ways.
 *
 * In place: each lane holds a part of one dot product; 4 pixels times 2 outputs at a time, and in the end the
 * lanes are summed. For long rows and for few pixels.
 *
 * Packed: the weights are laid out anew at the beginning, so that the 8 lanes are 8 outputs. For short rows,
 * where summing lanes would be most of the work.
 */
#include "runtime/kernels/avx2/conv_avx2.h"
#include "runtime/freestanding.h"
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv_walk.h"

#ifdef __AVX2__

#define MAX_PACKED 8192      /* weights that the stack is asked to hold, as int16 */
#define MAX_PACKED_DEPTH 192 /* longer rows gain too little; and at most EDGE_CONV_CHUNK */
#define MIN_PACKED_PIXELS 32 /* fewer are not worth the packing */

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
  if (i + 8 <= count) {
    _mm_storeu_si128((__m128i *)(row + i), widen_8(x + i));
    i += 8;
  }
  if (count >= 8 && i < count)
    _mm_storeu_si128((__m128i *)(row + count - 8), widen_8(x + count - 8));
  else
    for (; i < count; i++) row[i] = (int16_t)(x[i] + 128);
}

static inline __m256i load_row(const int16_t *row) {
  return _mm256_loadu_si256((const __m256i *)row);
}

/* ---- in place ---- */

/* The last depth % 16 weights of a row, then zeros. They are read as the 16 bytes that end with the row,
   which for short rows begin before it, and for the first ones before the tensor: still in the file, because
   the weights section lies behind the header. */
static inline __m256i load_tail(const int8_t *w, int32_t depth) {
  static const int8_t shift[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  __m128i last = _mm_loadu_si128((const __m128i *)(w + depth - 16));
  __m128i to_front = _mm_loadu_si128((const __m128i *)(shift + 16 - depth % 16));
  return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(last, to_front));
}

/* The 8 lanes of each of four vectors summed up. */
static inline __m128i sum_lanes(__m256i a, __m256i b, __m256i c, __m256i d) {
  __m256i quarters = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm_add_epi32(_mm256_castsi256_si128(quarters), _mm256_extracti128_si256(quarters, 1));
}

static inline __m256i multiply_add(__m256i sum, __m256i x, __m256i w) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

/* 16 products for four pixels times two outputs: sum[2 * pixel + output]. */
EDGE_INLINE void step_4x2(__m256i sum[8], const int16_t *row, ptrdiff_t row_length, __m256i w0, __m256i w1) {
  __m256i x0 = load_row(row), x1 = load_row(row + row_length), x2 = load_row(row + 2 * row_length),
          x3 = load_row(row + 3 * row_length);
  sum[0] = multiply_add(sum[0], x0, w0);
  sum[1] = multiply_add(sum[1], x0, w1);
  sum[2] = multiply_add(sum[2], x1, w0);
  sum[3] = multiply_add(sum[3], x1, w1);
  sum[4] = multiply_add(sum[4], x2, w0);
  sum[5] = multiply_add(sum[5], x2, w1);
  sum[6] = multiply_add(sum[6], x3, w0);
  sum[7] = multiply_add(sum[7], x3, w1);
}

/* Four pixels times two outputs; sum[4][2] in rows of EDGE_CONV_OUTPUTS. */
static inline void multiply_4x2(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, const int8_t *w0,
                                const int8_t *w1, int32_t depth) {
  __m256i zero = _mm256_setzero_si256(), s[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16)
    step_4x2(s, rows + k, row_length, edge_avx2_load_s16(w0 + k), edge_avx2_load_s16(w1 + k));
  if (k < depth) step_4x2(s, rows + k, row_length, load_tail(w0, depth), load_tail(w1, depth));
  __m128i top = sum_lanes(s[0], s[1], s[2], s[3]), bottom = sum_lanes(s[4], s[5], s[6], s[7]);
  _mm_storel_epi64((__m128i *)sum, top);
  _mm_storel_epi64((__m128i *)(sum + EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(top, top));
  _mm_storel_epi64((__m128i *)(sum + 2 * EDGE_CONV_OUTPUTS), bottom);
  _mm_storel_epi64((__m128i *)(sum + 3 * EDGE_CONV_OUTPUTS), _mm_unpackhi_epi64(bottom, bottom));
}

/* One pixel times four outputs, whose weights begin at w[]; sum[4]. */
static inline void multiply_1x4(int32_t *sum, const int16_t *row, const int8_t *const w[4], int32_t depth) {
  __m256i zero = _mm256_setzero_si256(), s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16) {
    __m256i x = load_row(row + k);
    s0 = multiply_add(s0, x, edge_avx2_load_s16(w[0] + k));
    s1 = multiply_add(s1, x, edge_avx2_load_s16(w[1] + k));
    s2 = multiply_add(s2, x, edge_avx2_load_s16(w[2] + k));
    s3 = multiply_add(s3, x, edge_avx2_load_s16(w[3] + k));
  }
  if (k < depth) {
    __m256i x = load_row(row + k);
    s0 = multiply_add(s0, x, load_tail(w[0], depth));
    s1 = multiply_add(s1, x, load_tail(w[1], depth));
    s2 = multiply_add(s2, x, load_tail(w[2], depth));
    s3 = multiply_add(s3, x, load_tail(w[3], depth));
  }
  _mm_storeu_si128((__m128i *)sum, sum_lanes(s0, s1, s2, s3));
}

/* The last outputs may be fewer than four or two: then some are computed more than once. All sums have room,
   because EDGE_CONV_OUTPUTS is a multiple of four. */
static void multiply(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, int32_t pixels, const int8_t *w,
                     ptrdiff_t stride, int32_t depth, int32_t outputs) {
  const int8_t *last = w + (outputs - 1) * stride;
  if (pixels == 4) {
    for (int32_t o = 0; o < outputs; o += 2) {
      const int8_t *w0 = w + o * stride;
      multiply_4x2(sum + o, rows, row_length, w0, w0 == last ? w0 : w0 + stride, depth);
    }
    return;
  }
  for (int32_t o = 0; o < outputs; o += 4) {
    const int8_t *at[4] = {w + o * stride};
    for (int i = 1; i < 4; i++) at[i] = at[i - 1] == last ? last : at[i - 1] + stride;
    for (int32_t i = 0; i < pixels; i++)
      multiply_1x4(sum + i * EDGE_CONV_OUTPUTS + o, rows + i * row_length, at, depth);
  }
}

static void compute(const EdgeConvJob *job, int16_t *rows, int32_t begin, int32_t end) {
  edge_conv_compute((EdgeConvSteps){widen, multiply, edge_avx2_store}, job, rows, begin, end);
}

/* ---- packed ---- */

/* Two neighbouring elements of a row, in all lanes. */
static inline __m256i broadcast_pair(const int16_t *row) {
  int32_t pair;
  memcpy(&pair, row, sizeof pair);
  return _mm256_set1_epi32(pair);
}

/* Blocks of 8 outputs, in them pairs of weights: packed[block][pair][output][2]. Missing ones are 0. */
static void pack(int16_t *packed, const int8_t *w, int32_t depth, int32_t outputs) {
  for (int32_t block = 0; block < outputs; block += 8)
    for (int32_t k = 0; k < depth; k += 2)
      for (int32_t o = block; o < block + 8; o++, packed += 2) {
        const int8_t *at = w + (ptrdiff_t)o * depth + k;
        packed[0] = (int16_t)(o < outputs ? at[0] : 0);
        packed[1] = (int16_t)(o < outputs && k + 1 < depth ? at[1] : 0);
      }
}

/* Four pixels times `blocks` (1 or 2) blocks of outputs; blocks lie `block_bytes` apart. */
EDGE_INLINE void multiply_blocks(int32_t *sum, const int16_t *rows, ptrdiff_t row_length,
                                 const int8_t *packed, ptrdiff_t block_bytes, int32_t depth, int blocks) {
  __m256i zero = _mm256_setzero_si256(), s[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
  for (int32_t k = 0; k < depth; k += 2, packed += sizeof(__m256i)) {
    __m256i w0 = _mm256_loadu_si256((const __m256i *)packed), w1 = zero;
    if (blocks == 2) w1 = _mm256_loadu_si256((const __m256i *)(packed + block_bytes));
    __m256i x0 = broadcast_pair(rows + k), x1 = broadcast_pair(rows + row_length + k);
    __m256i x2 = broadcast_pair(rows + 2 * row_length + k), x3 = broadcast_pair(rows + 3 * row_length + k);
    s[0] = multiply_add(s[0], x0, w0);
    s[1] = multiply_add(s[1], x1, w0);
    s[2] = multiply_add(s[2], x2, w0);
    s[3] = multiply_add(s[3], x3, w0);
    if (blocks == 2) {
      s[4] = multiply_add(s[4], x0, w1);
      s[5] = multiply_add(s[5], x1, w1);
      s[6] = multiply_add(s[6], x2, w1);
      s[7] = multiply_add(s[7], x3, w1);
    }
  }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_si256((__m256i *)(sum + i * EDGE_CONV_OUTPUTS), s[i]);
    if (blocks == 2) _mm256_storeu_si256((__m256i *)(sum + i * EDGE_CONV_OUTPUTS + 8), s[i + 4]);
  }
}

/* Where there are fewer than four pixels, rows and sums of the missing ones have room but no meaning. */
static void multiply_packed(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, int32_t pixels,
                            const int8_t *packed, ptrdiff_t stride, int32_t depth, int32_t outputs) {
  ptrdiff_t block_bytes = (ptrdiff_t)((depth + 1) / 2) * (ptrdiff_t)sizeof(__m256i);
  int32_t o = 0;
  (void)pixels;
  (void)stride;
  for (; o + 8 < outputs; o += 16, packed += 2 * block_bytes)
    multiply_blocks(sum + o, rows, row_length, packed, block_bytes, depth, 2);
  if (o < outputs) multiply_blocks(sum + o, rows, row_length, packed, block_bytes, depth, 1);
}

static void compute_packed(const EdgeConvJob *job, int16_t *rows, int32_t begin, int32_t end) {
  edge_conv_compute((EdgeConvSteps){widen, multiply_packed, edge_avx2_store}, job, rows, begin, end);
}

static int is_worth_packing(const EdgeConvJob *job) {
  const EdgeConvShape *s = &job->shape;
  int64_t outputs = ((int64_t)s->outputs + 7) / 8 * 8, depth = ((int64_t)s->depth + 1) / 2 * 2;
  int is_one_group = s->group_channels == s->channels;
  return is_one_group && job->factors == NULL && job->pixels >= MIN_PACKED_PIXELS &&
         depth <= MAX_PACKED_DEPTH && outputs * depth <= MAX_PACKED;
}

static EdgeStatus run_packed(EdgeConvJob *job) {
  _Alignas(__m256i) int16_t packed[MAX_PACKED];
  int8_t unpacked[MAX_PACKED];
  const EdgeConvShape *s = &job->shape;
  const EdgeArg *w = &job->call->in[1];
  if (edge_is_s4(w)) {
    edge_unpack_s4(unpacked, w->data, 0, w->info->elements);
    job->weights = unpacked;
  }
  pack(packed, job->weights, s->depth, s->outputs);
  job->weights = (const int8_t *)packed;
  job->output_bytes = (ptrdiff_t)((s->depth + 1) / 2) * 4;
  job->compute = compute_packed;
  return edge_conv_run_outputs(job);
}

static EdgeStatus run(const EdgeCall *call) {
  EdgeConvJob job = edge_conv_job(call, compute);
  return is_worth_packing(&job) ? run_packed(&job) : edge_conv_run(&job);
}

const EdgeKernel edge_avx2_conv = {.run = run};

#endif
