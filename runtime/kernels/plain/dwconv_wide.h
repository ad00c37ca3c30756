/*
 * dwconv_wide.h - DWCONV of int16: sums in 64 bits, put together from 32-bit ones of a few positions of the
 * window.
 */
#ifndef RUNTIME_KERNELS_PLAIN_DWCONV_WIDE_H
#define RUNTIME_KERNELS_PLAIN_DWCONV_WIDE_H

#include "runtime/kernels/plain/dwconv.h"

#define EDGE_DWCONV_CHUNK 256 /* products of int16 by int8 that 32 bits hold */

/* Adds the products at one position of the window to the sums of outputs first..first+count-1. */
EDGE_INLINE void edge_dwconv_add_wide(int32_t *sum, const EdgeDwconvPixel *pixel, int32_t ky, int32_t kx,
                                      const int8_t *w, int32_t first, int32_t count) {
  int32_t multiplier = pixel->shape->group_outputs;
  if (multiplier == 1) {
    const int16_t *x = (const int16_t *)(const void *)edge_dwconv_at(pixel, ky, kx, first);
    for (int32_t i = 0; i < count; i++) sum[i] += x[i] * w[i];
    return;
  }
  for (int32_t i = 0; i < count; i++)
    sum[i] += *(const int16_t *)(const void *)edge_dwconv_at(pixel, ky, kx, (first + i) / multiplier) * w[i];
}

static inline void edge_dwconv_spill(int64_t *result, int32_t *sum, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    result[i] += sum[i];
    sum[i] = 0;
  }
}

static inline void edge_dwconv_sums_wide(int64_t *result, const EdgeDwconvPixel *pixel, const int8_t *w,
                                         int32_t first, int32_t count) {
  const EdgeConvShape *s = pixel->shape;
  int32_t sum[EDGE_DWCONV_BLOCK] = {0}, positions = 0;
  for (int32_t i = 0; i < count; i++) result[i] = 0;
  for (int32_t ky = 0; ky < s->kernel_h; ky++)
    for (int32_t kx = 0; kx < s->kernel_w; kx++, w += s->outputs) {
      edge_dwconv_add_wide(sum, pixel, ky, kx, w, first, count);
      if (++positions % EDGE_DWCONV_CHUNK == 0) edge_dwconv_spill(result, sum, count);
    }
  edge_dwconv_spill(result, sum, count);
}

static inline void edge_dwconv_pixel_wide(const EdgeDwconvPixel *pixel, const EdgeConvResult *result,
                                          const int8_t *w, ptrdiff_t at) {
  int32_t outputs = pixel->shape->outputs;
  for (int32_t first = 0; first < outputs; first += EDGE_DWCONV_BLOCK) {
    int64_t sum[EDGE_DWCONV_BLOCK];
    int32_t left = outputs - first, count = left < EDGE_DWCONV_BLOCK ? left : EDGE_DWCONV_BLOCK;
    edge_dwconv_sums_wide(sum, pixel, w + first, first, count);
    edge_conv_store_wide(result, at + first, first, sum, count);
  }
}

static inline EdgeStatus edge_dwconv_run_wide(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const uint32_t *w = call->in[1].info->dims; /* [KH,KW,O] */
  EdgeConvShape s = edge_conv_shape_of(call, w[0], w[1]);
  EdgeConvResult result = edge_conv_result(call);
  const int8_t *weights = edge_dwconv_weights(call);
  int16_t outside[EDGE_DWCONV_BLOCK];
  for (int32_t i = 0; i < EDGE_DWCONV_BLOCK; i++) outside[i] = (int16_t)call->in[0].info->zero_point;
  EdgeDwconvPixel pixel = {
      .shape = &s, .params = p, .image = call->in[0].data, .outside = (const int8_t *)outside};
  ptrdiff_t image = (ptrdiff_t)s.height * s.width * s.channels * s.x_bytes, at = 0;
  for (int32_t n = 0; n < s.batches; n++, pixel.image += image)
    for (int32_t oy = 0; oy < s.out_height; oy++)
      for (int32_t ox = 0; ox < s.out_width; ox++, at += s.outputs) {
        pixel.top = (int64_t)oy * p->stride_h - p->pad_top;
        pixel.left = (int64_t)ox * p->stride_w - p->pad_left;
        edge_dwconv_pixel_wide(&pixel, &result, weights, at);
      }
  return EDGE_OK;
}

#endif
