/* CONV_F32: float convolution, each sum in the order row, column, channel of the window. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv.h"
#include "runtime/kernels/plain/window.h"

#define CHAINS 8 /* outputs summed side by side: each sum is a chain of dependent additions */

static int is_bias(const EdgeArg *bias, uint32_t outputs) {
  return bias->info == NULL || (edge_is_f32(bias) && edge_has_elements(bias, outputs));
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *w = &call->in[1], *y = &call->out[0];
  if (!edge_is_f32(x) || !edge_is_f32(w) || !edge_is_f32(y)) return EDGE_MALFORMED;
  if (!edge_has_rank_4(x) || !edge_has_rank_4(y)) return EDGE_MALFORMED;
  if (!edge_is_sane_conv(call->params, x->info->dims, y->info->dims)) return EDGE_MALFORMED;
  if (!is_bias(&call->in[2], y->info->dims[3]) || !edge_has_conv_weights(call)) return EDGE_MALFORMED;
  return EDGE_OK;
}

/* One output pixel: where its window begins and which positions of it lie inside. */
typedef struct Window {
  const float *image; /* the batch element's x */
  int64_t top, left;
  EdgeRange rows, columns;
} Window;

/* sum[i] += the products of one position for outputs i; weights of neighbouring outputs are `depth` apart. */
EDGE_INLINE void add_position(float *sum, const float *x, const float *w, int32_t channels, int32_t depth,
                              int32_t count) {
  for (int32_t c = 0; c < channels; c++)
    for (int32_t i = 0; i < count; i++) sum[i] += x[c] * w[(ptrdiff_t)i * depth + c];
}

/* Outputs first..first+count-1 of one group. */
static void sum_window(const EdgeCall *call, const EdgeConvShape *s, const Window *window, int32_t first,
                       int32_t count, float *sum) {
  const EdgeConvParams *p = call->params;
  const float *w = (const float *)call->in[1].data + (ptrdiff_t)first * s->depth;
  int32_t channel = first / s->group_outputs * s->group_channels;
  for (int32_t ky = window->rows.begin; ky < window->rows.end; ky++)
    for (int32_t kx = window->columns.begin; kx < window->columns.end; kx++) {
      ptrdiff_t iy = (ptrdiff_t)(window->top + (int64_t)ky * p->dilation_h);
      ptrdiff_t ix = (ptrdiff_t)(window->left + (int64_t)kx * p->dilation_w);
      const float *x = window->image + (iy * s->width + ix) * s->channels + channel;
      const float *at = w + (ptrdiff_t)(ky * s->kernel_w + kx) * s->group_channels;
      if (count == CHAINS)
        add_position(sum, x, at, s->group_channels, s->depth, CHAINS);
      else
        add_position(sum, x, at, s->group_channels, s->depth, count);
    }
}

static void pixel(const EdgeCall *call, const EdgeConvShape *s, const Window *window, float *y) {
  const float *bias = call->in[2].info != NULL ? call->in[2].data : NULL;
  for (int32_t group = 0; group < s->outputs; group += s->group_outputs)
    for (int32_t o = 0; o < s->group_outputs; o += CHAINS) {
      float sum[CHAINS];
      int32_t first = group + o, left = s->group_outputs - o, count = left < CHAINS ? left : CHAINS;
      for (int32_t i = 0; i < count; i++) sum[i] = bias != NULL ? bias[first + i] : 0.0f;
      sum_window(call, s, window, first, count, sum);
      for (int32_t i = 0; i < count; i++) y[first + i] = sum[i];
    }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  EdgeConvShape s = edge_conv_shape(call);
  Window window = {.image = call->in[0].data};
  float *y = call->out[0].data;
  for (int32_t n = 0; n < s.batches; n++, window.image += (ptrdiff_t)s.height * s.width * s.channels)
    for (int32_t oy = 0; oy < s.out_height; oy++) {
      window.top = (int64_t)oy * p->stride_h - p->pad_top;
      window.rows = edge_range_inside(window.top, s.kernel_h, p->dilation_h, s.height);
      for (int32_t ox = 0; ox < s.out_width; ox++, y += s.outputs) {
        window.left = (int64_t)ox * p->stride_w - p->pad_left;
        window.columns = edge_range_inside(window.left, s.kernel_w, p->dilation_w, s.width);
        pixel(call, &s, &window, y);
      }
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_conv_f32 = {.check = check, .run = run};
