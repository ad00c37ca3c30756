/*
 * dwconv.h - the walk of DWCONV over pixels and blocks of outputs. Positions outside x read a block of zero
 * points, so that no output is a special case.
 */
#ifndef RUNTIME_KERNELS_PLAIN_DWCONV_H
#define RUNTIME_KERNELS_PLAIN_DWCONV_H

#include "runtime/freestanding.h"
#include "runtime/kernels/plain/conv.h"
#include "runtime/kernels/plain/nibbles.h"

#define EDGE_DWCONV_BLOCK 64 /* outputs whose sums are held at a time */

/* One output pixel. */
typedef struct EdgeDwconvPixel {
  const EdgeConvShape *shape;
  const EdgeConvParams *params;
  const int8_t *image;   /* the batch element's x: its first byte */
  const int8_t *outside; /* EDGE_DWCONV_BLOCK zero points: the first byte */
  int64_t top, left;     /* of the window */
} EdgeDwconvPixel;

/* sum[i] = bias-free sum of outputs first..first+count-1; w [KH,KW,O] at output `first`. */
typedef void (*EdgeDwconvSums)(int32_t *sum, const EdgeDwconvPixel *pixel, const int8_t *w, int32_t first,
                               int32_t count);

/* The channels from `channel` on at position (ky, kx) of the window. */
static inline const int8_t *edge_dwconv_at(const EdgeDwconvPixel *pixel, int32_t ky, int32_t kx,
                                           int32_t channel) {
  const EdgeConvShape *s = pixel->shape;
  int64_t iy = pixel->top + (int64_t)ky * pixel->params->dilation_h;
  int64_t ix = pixel->left + (int64_t)kx * pixel->params->dilation_w;
  if (iy < 0 || iy >= s->height || ix < 0 || ix >= s->width) return pixel->outside;
  return pixel->image + (((ptrdiff_t)iy * s->width + (ptrdiff_t)ix) * s->channels + channel) * s->x_bytes;
}

/* Outputs and channels correspond one to one: vectors of both. */
static inline void edge_dwconv_add_vector(uint32_t *sum, const int8_t *x, const int8_t *w, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum[i] += (uint32_t)((x[i] + 128) * w[i]);
}

/* Several outputs a channel. */
static inline void edge_dwconv_add_multiplied(uint32_t *sum, const EdgeDwconvPixel *pixel, int32_t ky,
                                              int32_t kx, const int8_t *w, int32_t first, int32_t count) {
  int32_t multiplier = pixel->shape->group_outputs;
  for (int32_t i = 0; i < count; i++)
    sum[i] += (uint32_t)((*edge_dwconv_at(pixel, ky, kx, (first + i) / multiplier) + 128) * w[i]);
}

/* The plain EdgeDwconvSums. */
static inline void edge_dwconv_sums(int32_t *result, const EdgeDwconvPixel *pixel, const int8_t *w,
                                    int32_t first, int32_t count) {
  const EdgeConvShape *s = pixel->shape;
  uint32_t sum[EDGE_DWCONV_BLOCK] = {0};
  for (int32_t ky = 0; ky < s->kernel_h; ky++)
    for (int32_t kx = 0; kx < s->kernel_w; kx++, w += s->outputs) {
      if (s->group_outputs == 1)
        edge_dwconv_add_vector(sum, edge_dwconv_at(pixel, ky, kx, first), w, count);
      else
        edge_dwconv_add_multiplied(sum, pixel, ky, kx, w, first, count);
    }
  for (int32_t i = 0; i < count; i++) result[i] = (int32_t)sum[i];
}

/* The weights as int8: where they lie, or unpacked into the scratch. */
static inline const int8_t *edge_dwconv_weights(const EdgeCall *call) {
  const EdgeArg *w = &call->in[1];
  if (edge_is_s4(w)) edge_unpack_s4(call->scratch, w->data, 0, w->info->elements);
  return edge_is_s4(w) ? call->scratch : w->data;
}

typedef void (*EdgeConvStore)(const EdgeConvResult *r, ptrdiff_t at, int32_t first, const int32_t *sum,
                              int32_t count);

EDGE_INLINE void edge_dwconv_pixel(EdgeDwconvSums sums, EdgeConvStore store, const EdgeDwconvPixel *pixel,
                                   const EdgeConvResult *result, const int8_t *w, ptrdiff_t at) {
  int32_t outputs = pixel->shape->outputs;
  for (int32_t first = 0; first < outputs; first += EDGE_DWCONV_BLOCK) {
    int32_t sum[EDGE_DWCONV_BLOCK], left = outputs - first;
    int32_t count = left < EDGE_DWCONV_BLOCK ? left : EDGE_DWCONV_BLOCK;
    sums(sum, pixel, w + first, first, count);
    store(result, at + first, first, sum, count);
  }
}

EDGE_INLINE EdgeStatus edge_dwconv_run(EdgeDwconvSums sums, EdgeConvStore store, const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const uint32_t *w = call->in[1].info->dims; /* [KH,KW,O] */
  EdgeConvShape s = edge_conv_shape_of(call, w[0], w[1]);
  EdgeConvResult result = edge_conv_result(call);
  const int8_t *weights = edge_dwconv_weights(call);
  int8_t outside[EDGE_DWCONV_BLOCK];
  memset(outside, call->in[0].info->zero_point, sizeof outside);
  EdgeDwconvPixel pixel = {.shape = &s, .params = p, .image = call->in[0].data, .outside = outside};
  ptrdiff_t at = 0;
  for (int32_t n = 0; n < s.batches; n++, pixel.image += (ptrdiff_t)s.height * s.width * s.channels)
    for (int32_t oy = 0; oy < s.out_height; oy++)
      for (int32_t ox = 0; ox < s.out_width; ox++, at += s.outputs) {
        pixel.top = (int64_t)oy * p->stride_h - p->pad_top;
        pixel.left = (int64_t)ox * p->stride_w - p->pad_left;
        edge_dwconv_pixel(sums, store, &pixel, &result, weights, at);
      }
  return EDGE_OK;
}

#endif
