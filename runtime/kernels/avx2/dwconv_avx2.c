/*
 * DWCONV with AVX2: 16 channels at a time, two positions of the window an instruction (vpmaddwd of the
 * interleaved positions).
 */
#include "runtime/kernel.h"
#include "runtime/kernels/avx2/conv_avx2.h"
#include "runtime/kernels/plain/dwconv_wide.h"

#ifdef __AVX2__

#define MAX_POSITIONS 64 /* of the window; even */

/* Positions of a window for one block of channels: where their x and their weights lie. */
typedef struct Positions {
  const int8_t *x[MAX_POSITIONS], *w[MAX_POSITIONS];
  ptrdiff_t offset[MAX_POSITIONS]; /* of x from the first one's, where the window lies inside */
  int32_t count;                   /* even */
} Positions;

/* Sums of channels i..i+15 over the positions. */
static inline void add_16(int32_t *sum, const Positions *p, int32_t i) {
  const __m256i offset = _mm256_set1_epi16(128);
  __m256i low = _mm256_setzero_si256(), high = low; /* channels 0-3, 8-11 and 4-7, 12-15 */
  for (int32_t k = 0; k < p->count; k += 2) {
    __m256i x0 = _mm256_add_epi16(edge_avx2_load_s16(p->x[k] + i), offset);
    __m256i x1 = _mm256_add_epi16(edge_avx2_load_s16(p->x[k + 1] + i), offset);
    __m256i w0 = edge_avx2_load_s16(p->w[k] + i), w1 = edge_avx2_load_s16(p->w[k + 1] + i);
    low = _mm256_add_epi32(low,
                           _mm256_madd_epi16(_mm256_unpacklo_epi16(x0, x1), _mm256_unpacklo_epi16(w0, w1)));
    high = _mm256_add_epi32(high,
                            _mm256_madd_epi16(_mm256_unpackhi_epi16(x0, x1), _mm256_unpackhi_epi16(w0, w1)));
  }
  __m256i *to = (__m256i *)(sum + i);
  __m256i first = _mm256_permute2x128_si256(low, high, 0x20),
          second = _mm256_permute2x128_si256(low, high, 0x31);
  _mm256_storeu_si256(to, first);
  _mm256_storeu_si256(to + 1, second);
}

/* 8 bytes as int16. */
static inline __m128i load_8(const int8_t *x) {
  return _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)x));
}

static inline void add_8(int32_t *sum, const Positions *p, int32_t i) {
  const __m128i offset = _mm_set1_epi16(128);
  __m128i low = _mm_setzero_si128(), high = low;
  for (int32_t k = 0; k < p->count; k += 2) {
    __m128i x0 = _mm_add_epi16(load_8(p->x[k] + i), offset),
            x1 = _mm_add_epi16(load_8(p->x[k + 1] + i), offset);
    __m128i w0 = load_8(p->w[k] + i), w1 = load_8(p->w[k + 1] + i);
    low = _mm_add_epi32(low, _mm_madd_epi16(_mm_unpacklo_epi16(x0, x1), _mm_unpacklo_epi16(w0, w1)));
    high = _mm_add_epi32(high, _mm_madd_epi16(_mm_unpackhi_epi16(x0, x1), _mm_unpackhi_epi16(w0, w1)));
  }
  __m128i *to = (__m128i *)(sum + i);
  _mm_storeu_si128(to, low);
  _mm_storeu_si128(to + 1, high);
}

/* At most 64 products: int32 is enough. */
static inline void add_1(int32_t *sum, const Positions *p, int32_t i) {
  sum[i] = 0;
  for (int32_t k = 0; k < p->count; k++) sum[i] += (p->x[k][i] + 128) * p->w[k][i];
}

static inline void add_positions(int32_t *sum, const Positions *p, int32_t channels) {
  int32_t i = 0;
  for (; i + 16 <= channels; i += 16) add_16(sum, p, i);
  if (i + 8 <= channels) {
    add_8(sum, p, i);
    i += 8;
  }
  for (; i < channels; i++) add_1(sum, p, i);
}

/* Rows and columns from the window's first position to its last. */
static inline int64_t window_height(const EdgeConvShape *s, const EdgeConvParams *params) {
  return (int64_t)(s->kernel_h - 1) * params->dilation_h;
}

static inline int64_t window_width(const EdgeConvShape *s, const EdgeConvParams *params) {
  return (int64_t)(s->kernel_w - 1) * params->dilation_w;
}

static inline int is_inside(const EdgeDwconvPixel *pixel) {
  const EdgeConvShape *s = pixel->shape;
  return pixel->top >= 0 && pixel->left >= 0 && pixel->top + window_height(s, pixel->params) < s->height &&
         pixel->left + window_width(s, pixel->params) < s->width;
}

/* What is the same for all pixels: weights of the block that begins with output `first`, and offsets, which
   have a meaning only if a window fits into x. */
static void prepare(Positions *p, const int8_t *weights, const EdgeConvParams *params, const EdgeConvShape *s,
                    int32_t first) {
  static const int8_t zeros[EDGE_DWCONV_BLOCK] = {0};
  int fits = window_height(s, params) < s->height && window_width(s, params) < s->width;
  p->count = s->kernel_h * s->kernel_w;
  for (int32_t k = 0; k < p->count; k++) {
    ptrdiff_t row = (ptrdiff_t)(k / s->kernel_w) * params->dilation_h;
    ptrdiff_t column = (ptrdiff_t)(k % s->kernel_w) * params->dilation_w;
    p->offset[k] = fits ? (row * s->width + column) * s->channels : 0;
    p->w[k] = weights + (ptrdiff_t)k * s->outputs + first;
  }
  if (p->count % 2 == 1) { /* one more with weights of 0, for the last pair */
    p->offset[p->count] = 0;
    p->w[p->count++] = zeros;
  }
}

/* Finds x of all positions. */
static inline void locate(Positions *p, const EdgeDwconvPixel *pixel, int32_t first) {
  const EdgeConvShape *s = pixel->shape;
  if (is_inside(pixel)) {
    const int8_t *x = edge_dwconv_at(pixel, 0, 0, first);
    for (int32_t k = 0; k < p->count; k++) p->x[k] = x + p->offset[k];
    return;
  }
  p->x[p->count - 1] = pixel->outside; /* also where weights of 0 were added */
  for (int32_t ky = 0, k = 0; ky < s->kernel_h; ky++)
    for (int32_t kx = 0; kx < s->kernel_w; kx++) p->x[k++] = edge_dwconv_at(pixel, ky, kx, first);
}

/* All pixels of one block of channels. */
static void compute_block(const EdgeCall *call, const int8_t *weights, EdgeDwconvPixel pixel,
                          const EdgeConvResult *result, int32_t first) {
  const EdgeConvParams *params = call->params;
  const EdgeConvShape *s = pixel.shape;
  int32_t left = s->outputs - first, count = left < EDGE_DWCONV_BLOCK ? left : EDGE_DWCONV_BLOCK;
  int32_t rows = s->batches * s->out_height;
  ptrdiff_t at = first;
  Positions p;
  prepare(&p, weights, params, s, first);
  for (int32_t row = 0; row < rows; row++) {
    ptrdiff_t image = (ptrdiff_t)(row / s->out_height) * s->height * s->width * s->channels;
    pixel.image = (const int8_t *)call->in[0].data + image;
    pixel.top = (int64_t)(row % s->out_height) * params->stride_h - params->pad_top;
    for (int32_t ox = 0; ox < s->out_width; ox++, at += s->outputs) {
      int32_t sum[EDGE_DWCONV_BLOCK];
      pixel.left = (int64_t)ox * params->stride_w - params->pad_left;
      locate(&p, &pixel, first);
      add_positions(sum, &p, count);
      edge_avx2_store(result, at, first, sum, count);
    }
  }
}

/* Several outputs a channel and windows larger than any in use are left to the plain kernel. */
static EdgeStatus run(const EdgeCall *call) {
  const EdgeTensor *x = call->in[0].info, *w = call->in[1].info;
  if (x->type == EDGE_S16) return edge_dwconv_run_wide(call);
  if (x->dims[3] != w->dims[2] || (uint64_t)w->dims[0] * w->dims[1] > MAX_POSITIONS)
    return edge_plain_dwconv.run(call);
  const EdgeConvShape s = edge_conv_shape_of(call, w->dims[0], w->dims[1]);
  const EdgeConvResult result = edge_conv_result(call);
  const int8_t *weights = edge_dwconv_weights(call);
  int8_t outside[EDGE_DWCONV_BLOCK];
  memset(outside, x->zero_point, sizeof outside);
  EdgeDwconvPixel pixel = {.shape = &s, .params = call->params, .outside = outside};
  for (int32_t first = 0; first < s.outputs; first += EDGE_DWCONV_BLOCK)
    compute_block(call, weights, pixel, &result, first);
  return EDGE_OK;
}

const EdgeKernel edge_avx2_dwconv = {.run = run};

#endif
