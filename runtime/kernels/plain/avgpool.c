/* AVGPOOL: the mean of a window. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/pool.h"

#define BLOCK 64 /* channels summed at a time, so that their sums stay in registers or the first cache */

/* sum[c] = the block's x less its zero point, over the window's positions inside the image. */
static void sum_window(const EdgePoolParams *p, EdgePoolShape shape, EdgePoolWindow window, const int8_t *x,
                       int32_t zero_point, int32_t *sum, int32_t count) {
  int32_t positions = edge_range_length(window.rows) * edge_range_length(window.columns);
  for (int32_t c = 0; c < count; c++) sum[c] = -zero_point * positions;
  for (int32_t row = window.rows.begin; row < window.rows.end; row++)
    for (int32_t column = window.columns.begin; column < window.columns.end; column++) {
      const int8_t *at = x + edge_pool_offset(p, shape, window, row, column);
      for (int32_t c = 0; c < count; c++) sum[c] += at[c];
    }
}

/* Positions that the mean divides by; with the pads counted, those inside x extended by them. */
static int32_t divisor(const EdgePoolParams *p, EdgePoolShape shape, EdgePoolWindow window) {
  if (!p->count_include_pad) return edge_range_length(window.rows) * edge_range_length(window.columns);
  EdgeRange rows = edge_range_inside(window.top + p->pad_top, p->kernel_h, p->dilation_h,
                                     (int64_t)shape.height + p->pad_top + p->pad_bottom);
  EdgeRange columns = edge_range_inside(window.left + p->pad_left, p->kernel_w, p->dilation_w,
                                        (int64_t)shape.width + p->pad_left + p->pad_right);
  return edge_range_length(rows) * edge_range_length(columns);
}

static void mean_pixel(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window, const int8_t *image,
                       int8_t *y) {
  const EdgePoolParams *p = call->params;
  EdgeCodes codes = edge_codes(EDGE_S8, p->act_min, p->act_max, call->out[0].info->zero_point);
  int32_t positions = divisor(p, shape, window);
  float count = positions > 0 ? (float)positions : 1.0f; /* nothing there: the sum is 0, so is the mean */
  for (int32_t begin = 0; begin < shape.channels; begin += BLOCK) {
    int32_t sum[BLOCK], length = shape.channels - begin < BLOCK ? shape.channels - begin : BLOCK;
    sum_window(p, shape, window, image + begin, call->in[0].info->zero_point, sum, length);
    for (int32_t c = 0; c < length; c++)
      y[begin + c] = (int8_t)edge_code((float)sum[c] * p->mult / count, codes);
  }
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_pool_run(call, mean_pixel);
}

const EdgeKernel edge_plain_avgpool = {.check = edge_pool_check, .run = run};
