/* DWCONV_F32_CODED: depthwise convolution of floats with int8 or int4 weights. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/coded.h"
#include "runtime/kernels/plain/window.h"

#define BLOCK 64 /* outputs summed at a time */

static EdgeStatus check(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *x = &call->in[0], *w = &call->in[1], *y = &call->out[0];
  if (!edge_is_f32(x) || !edge_is_f32(y) || !edge_has_rank_4(x) || !edge_has_rank_4(y)) return EDGE_MALFORMED;
  if (!edge_is_sane_conv(p, x->info->dims, y->info->dims)) return EDGE_MALFORMED;
  if (p->groups != (int32_t)x->info->dims[3] || !edge_is_weight(w)) return EDGE_MALFORMED;
  if (!edge_is_indexable(w) || w->info->rank != 3) return EDGE_MALFORMED;
  if (w->info->dims[2] != y->info->dims[3]) return EDGE_MALFORMED;
  return edge_has_coded_scales(call, y->info->dims[3]) ? EDGE_OK : EDGE_MALFORMED;
}

static uint32_t scratch(const EdgeCall *call) {
  return edge_is_s4(&call->in[1]) ? call->in[1].info->elements : 0;
}

typedef struct Pixel {
  const float *image; /* the batch element's x */
  int64_t top, left;  /* of the window */
  EdgeRange rows, columns;
} Pixel;

/* Outputs and channels correspond one to one: vectors of both. */
static void add_vector(float *sum, const float *x, const int8_t *w, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum[i] += x[i] * (float)w[i];
}

static void sum_block(const EdgeCall *call, const EdgeConvShape *s, const Pixel *pixel, const int8_t *w,
                      int32_t first, int32_t count, float *sum) {
  const EdgeConvParams *p = call->params;
  for (int32_t i = 0; i < count; i++) sum[i] = 0.0f;
  for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ky++)
    for (int32_t kx = pixel->columns.begin; kx < pixel->columns.end; kx++) {
      ptrdiff_t iy = (ptrdiff_t)(pixel->top + (int64_t)ky * p->dilation_h);
      ptrdiff_t ix = (ptrdiff_t)(pixel->left + (int64_t)kx * p->dilation_w);
      const float *x = pixel->image + (iy * s->width + ix) * s->channels;
      const int8_t *at = w + (ptrdiff_t)(ky * s->kernel_w + kx) * s->outputs + first;
      if (s->group_outputs == 1)
        add_vector(sum, x + first, at, count);
      else
        for (int32_t i = 0; i < count; i++) sum[i] += x[(first + i) / s->group_outputs] * (float)at[i];
    }
}

static void run_pixel(const EdgeCall *call, const EdgeConvShape *s, const Pixel *pixel, const int8_t *w,
                      float *y) {
  const float *scale = call->in[2].data, *bias = call->in[3].info != NULL ? call->in[3].data : NULL;
  for (int32_t first = 0; first < s->outputs; first += BLOCK) {
    float sum[BLOCK];
    int32_t count = s->outputs - first < BLOCK ? s->outputs - first : BLOCK;
    sum_block(call, s, pixel, w, first, count, sum);
    for (int32_t i = 0; i < count; i++) y[first + i] = sum[i] * scale[first + i];
    for (int32_t i = 0; bias != NULL && i < count; i++) y[first + i] += bias[first + i];
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *w = &call->in[1];
  EdgeConvShape s = edge_conv_shape_of(call, w->info->dims[0], w->info->dims[1]);
  Pixel pixel = {.image = call->in[0].data};
  float *y = call->out[0].data;
  if (edge_is_s4(w)) edge_unpack_s4(call->scratch, w->data, 0, w->info->elements);
  const int8_t *weights = edge_is_s4(w) ? call->scratch : w->data;
  for (int32_t n = 0; n < s.batches; n++, pixel.image += (ptrdiff_t)s.height * s.width * s.channels)
    for (int32_t oy = 0; oy < s.out_height; oy++) {
      pixel.top = (int64_t)oy * p->stride_h - p->pad_top;
      pixel.rows = edge_range_inside(pixel.top, s.kernel_h, p->dilation_h, s.height);
      for (int32_t ox = 0; ox < s.out_width; ox++, y += s.outputs) {
        pixel.left = (int64_t)ox * p->stride_w - p->pad_left;
        pixel.columns = edge_range_inside(pixel.left, s.kernel_w, p->dilation_w, s.width);
        run_pixel(call, &s, &pixel, weights, y);
      }
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_dwconv_f32_coded = {.check = check, .run = run, .scratch = scratch};
