/* AVGPOOL: the mean of a window. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/pool.h"

#define BLOCK 64 /* channels summed at a time, so that their sums stay in registers or the first cache */

/* sum[c] = the block's x less its zero point, over the window's positions inside the image. */
static void sum_s8(const EdgePoolParams *p, EdgePoolShape shape, EdgePoolWindow window, const int8_t *x,
                   int32_t zero_point, int32_t *sum, int32_t count) {
  int32_t positions = edge_range_length(window.rows) * edge_range_length(window.columns);
  for (int32_t c = 0; c < count; c++) sum[c] = -zero_point * positions;
  for (int32_t row = window.rows.begin; row < window.rows.end; row++)
    for (int32_t column = window.columns.begin; column < window.columns.end; column++) {
      const int8_t *at = x + edge_pool_offset(p, shape, window, row, column);
      for (int32_t c = 0; c < count; c++) sum[c] += at[c];
    }
}

static void sum_s16(const EdgePoolParams *p, EdgePoolShape shape, EdgePoolWindow window, const int16_t *x,
                    int32_t zero_point, int64_t *sum, int32_t count) {
  int64_t positions = (int64_t)edge_range_length(window.rows) * edge_range_length(window.columns);
  for (int32_t c = 0; c < count; c++) sum[c] = -zero_point * positions;
  for (int32_t row = window.rows.begin; row < window.rows.end; row++)
    for (int32_t column = window.columns.begin; column < window.columns.end; column++) {
      const int16_t *at = x + edge_pool_offset(p, shape, window, row, column);
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

/* What sums become: times the factor, by the number of positions. */
typedef struct Mean {
  float mult, count;
  EdgeCodes codes;
} Mean;

static Mean mean_of(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window) {
  const EdgePoolParams *p = call->params;
  const EdgeTensor *y = call->out[0].info;
  int32_t positions = divisor(p, shape, window); /* none: the sum is 0, so is the mean */
  return (Mean){p->mult, positions > 0 ? (float)positions : 1.0f,
                edge_codes((EdgeType)y->type, p->act_min, p->act_max, y->zero_point)};
}

static void mean_pixel_s8(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window, const void *image,
                          ptrdiff_t at) {
  Mean mean = mean_of(call, shape, window);
  for (int32_t begin = 0; begin < shape.channels; begin += BLOCK) {
    int32_t sum[BLOCK], length = shape.channels - begin < BLOCK ? shape.channels - begin : BLOCK;
    sum_s8(call->params, shape, window, (const int8_t *)image + begin, call->in[0].info->zero_point, sum,
           length);
    for (int32_t c = 0; c < length; c++)
      edge_store_code(&call->out[0], at + begin + c,
                      edge_code((float)sum[c] * mean.mult / mean.count, mean.codes));
  }
}

static void mean_pixel_s16(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window,
                           const void *image, ptrdiff_t at) {
  Mean mean = mean_of(call, shape, window);
  for (int32_t begin = 0; begin < shape.channels; begin += BLOCK) {
    int32_t length = shape.channels - begin < BLOCK ? shape.channels - begin : BLOCK;
    int64_t sum[BLOCK];
    sum_s16(call->params, shape, window, (const int16_t *)image + begin, call->in[0].info->zero_point, sum,
            length);
    for (int32_t c = 0; c < length; c++)
      edge_store_code(&call->out[0], at + begin + c,
                      edge_code((float)sum[c] * mean.mult / mean.count, mean.codes));
  }
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_pool_run(call, edge_is_s16(&call->in[0]) ? mean_pixel_s16 : mean_pixel_s8);
}

const EdgeKernel edge_plain_avgpool = {.check = edge_pool_check, .run = run};
