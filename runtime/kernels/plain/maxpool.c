/* MAXPOOL: the largest code in a window. */
#include "runtime/freestanding.h"
#include "runtime/kernel.h"
#include "runtime/kernels/plain/pool.h"

static void raise_to(int8_t *y, const int8_t *x, int32_t channels) {
  for (int32_t c = 0; c < channels; c++) y[c] = x[c] > y[c] ? x[c] : y[c];
}

static void max_pixel(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window, const int8_t *image,
                      int8_t *y) {
  const EdgePoolParams *p = call->params;
  EdgeCodes codes = edge_codes(EDGE_S8, p->act_min, p->act_max, 0);
  memset(y, INT8_MIN, (size_t)shape.channels);
  for (int32_t row = window.rows.begin; row < window.rows.end; row++)
    for (int32_t column = window.columns.begin; column < window.columns.end; column++)
      raise_to(y, image + edge_pool_offset(p, shape, window, row, column), shape.channels);
  if (codes.least == INT8_MIN && codes.most == INT8_MAX) return;
  for (int32_t c = 0; c < shape.channels; c++) y[c] = (int8_t)edge_clamp_code(y[c], codes);
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_pool_run(call, max_pixel);
}

const EdgeKernel edge_plain_maxpool = {.check = edge_pool_check, .run = run};
