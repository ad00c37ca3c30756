/* MAXPOOL: the largest code in a window. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/pool.h"

EDGE_INLINE void raise_to(int is_s16, void *y, const void *x, int32_t channels) {
  if (is_s16) {
    int16_t *to = y;
    const int16_t *from = x;
    for (int32_t c = 0; c < channels; c++) to[c] = from[c] > to[c] ? from[c] : to[c];
  } else {
    int8_t *to = y;
    const int8_t *from = x;
    for (int32_t c = 0; c < channels; c++) to[c] = from[c] > to[c] ? from[c] : to[c];
  }
}

EDGE_INLINE void max_pixel(int is_s16, const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window,
                           const uint8_t *image, ptrdiff_t at) {
  const EdgePoolParams *p = call->params;
  EdgeType type = is_s16 ? EDGE_S16 : EDGE_S8;
  EdgeCodes codes = edge_codes(type, p->act_min, p->act_max, 0);
  ptrdiff_t size = is_s16 ? 2 : 1;
  uint8_t *y = (uint8_t *)call->out[0].data + at * size;
  for (int32_t c = 0; c < shape.channels; c++) edge_store_code(&call->out[0], at + c, edge_type_min(type));
  for (int32_t row = window.rows.begin; row < window.rows.end; row++)
    for (int32_t column = window.columns.begin; column < window.columns.end; column++)
      raise_to(is_s16, y, image + edge_pool_offset(p, shape, window, row, column) * size, shape.channels);
  if (codes.least == edge_type_min(type) && codes.most == edge_type_max(type)) return;
  for (int32_t c = 0; c < shape.channels; c++)
    edge_store_code(&call->out[0], at + c, edge_clamp_code(edge_load_code(&call->out[0], at + c), codes));
}

static void max_pixel_s8(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window, const void *image,
                         ptrdiff_t at) {
  max_pixel(0, call, shape, window, image, at);
}

static void max_pixel_s16(const EdgeCall *call, EdgePoolShape shape, EdgePoolWindow window, const void *image,
                          ptrdiff_t at) {
  max_pixel(1, call, shape, window, image, at);
}

static EdgeStatus check(const EdgeCall *call) {
  EdgeStatus status = edge_pool_check(call);
  return status == EDGE_OK && call->in[0].info->type != call->out[0].info->type ? EDGE_MALFORMED : status;
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_pool_run(call, edge_is_s16(&call->in[0]) ? max_pixel_s16 : max_pixel_s8);
}

const EdgeKernel edge_plain_maxpool = {.check = check, .run = run};
