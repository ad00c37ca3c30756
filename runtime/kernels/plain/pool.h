/*
 * pool.h - what MAXPOOL and AVGPOOL share: the check and the walk over the windows.
 */
#ifndef RUNTIME_KERNELS_PLAIN_POOL_H
#define RUNTIME_KERNELS_PLAIN_POOL_H

#include "runtime/kernels/plain/requantize.h"
#include "runtime/kernels/plain/window.h"

typedef struct EdgePoolShape {
  int32_t batches, height, width, channels, out_height, out_width;
} EdgePoolShape;

/* One output pixel: where its window begins in x (maybe outside) and the positions of it that lie inside. */
typedef struct EdgePoolWindow {
  int64_t top, left;
  EdgeRange rows, columns;
} EdgePoolWindow;

/* Computes one output pixel, all channels: y's elements from `at` on. */
typedef void (*EdgePoolPixel)(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window,
                              const void *image, ptrdiff_t at);

static inline EdgePoolShape edge_pool_shape(const EdgeCall *call) {
  const uint32_t *x = call->in[0].info->dims, *y = call->out[0].info->dims;
  return (EdgePoolShape){(int32_t)x[0], (int32_t)x[1], (int32_t)x[2],
                         (int32_t)x[3], (int32_t)y[1], (int32_t)y[2]};
}

static inline int edge_is_sane_window(const EdgePoolParams *p) {
  int64_t size = edge_product(p->kernel_h, p->kernel_w, 1);
  return size >= 1 && size <= EDGE_MAX_SUMMED && p->stride_h >= 1 && p->stride_w >= 1 && p->dilation_h >= 1 &&
         p->dilation_w >= 1 && p->pad_top >= 0 && p->pad_left >= 0 && p->pad_bottom >= 0 &&
         p->pad_right >= 0 && edge_is_between(p->count_include_pad, 0, 1);
}

static inline EdgeStatus edge_pool_check(const EdgeCall *call) {
  const EdgePoolParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_quantized(x) || !edge_is_quantized(y)) return EDGE_MALFORMED;
  if (x->info->rank != 4 || y->info->rank != 4) return EDGE_MALFORMED;
  if (x->info->dims[0] != y->info->dims[0] || x->info->dims[3] != y->info->dims[3]) return EDGE_MALFORMED;
  if (!edge_is_sane_window(p) || !edge_is_sane_factor(p->mult)) return EDGE_MALFORMED;
  if (!edge_is_sane_clamp(p->act_min, p->act_max, (EdgeType)y->info->type)) return EDGE_MALFORMED;
  return EDGE_OK;
}

/* Where position (row, column) of the window lies in the image. */
static inline ptrdiff_t edge_pool_offset(const EdgePoolParams *p, EdgePoolShape shape, EdgePoolWindow window,
                                         int32_t row, int32_t column) {
  ptrdiff_t iy = (ptrdiff_t)(window.top + (int64_t)row * p->dilation_h);
  ptrdiff_t ix = (ptrdiff_t)(window.left + (int64_t)column * p->dilation_w);
  return (iy * shape.width + ix) * shape.channels;
}

/* One row of output pixels. */
static inline void edge_pool_row(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window,
                                 const void *image, ptrdiff_t at, EdgePoolPixel pixel) {
  const EdgePoolParams *p = call->params;
  for (int32_t ox = 0; ox < shape.out_width; ox++) {
    window.left = (int64_t)ox * p->stride_w - p->pad_left;
    window.columns = edge_range_inside(window.left, p->kernel_w, p->dilation_w, shape.width);
    pixel(call, shape, window, image, at + (ptrdiff_t)ox * shape.channels);
  }
}

static inline EdgeStatus edge_pool_run(const EdgeCall *call, EdgePoolPixel pixel) {
  const EdgePoolParams *p = call->params;
  EdgePoolShape shape = edge_pool_shape(call);
  const uint8_t *image = call->in[0].data;
  ptrdiff_t image_bytes = (ptrdiff_t)shape.height * shape.width * shape.channels *
                          (ptrdiff_t)edge_element_bytes(call->in[0].info);
  ptrdiff_t at = 0;
  for (int32_t n = 0; n < shape.batches; n++) {
    for (int32_t oy = 0; oy < shape.out_height; oy++) {
      EdgePoolWindow window = {.top = (int64_t)oy * p->stride_h - p->pad_top};
      window.rows = edge_range_inside(window.top, p->kernel_h, p->dilation_h, shape.height);
      edge_pool_row(call, shape, window, image, at, pixel);
      at += (ptrdiff_t)shape.out_width * shape.channels;
    }
    image += image_bytes;
  }
  return EDGE_OK;
}

#endif
