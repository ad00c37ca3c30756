/* DEQUANTIZE: codes to float32. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_s8(x) && !edge_is_type(x, EDGE_S16) && !edge_is_type(x, EDGE_U8)) return EDGE_MALFORMED;
  if (!edge_is_f32(y) || !edge_is_indexable(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  return edge_has_sane_zero_point(x) && edge_is_sane_scale(x->info->scale) ? EDGE_OK : EDGE_MALFORMED;
}

static void from_s8(float *y, const int8_t *x, ptrdiff_t count, float scale, int32_t zero_point) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = scale * (float)(x[i] - zero_point);
}

static void from_u8(float *y, const uint8_t *x, ptrdiff_t count, float scale, int32_t zero_point) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = scale * (float)(x[i] - zero_point);
}

static void from_s16(float *y, const int16_t *x, ptrdiff_t count, float scale, int32_t zero_point) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = scale * (float)(x[i] - zero_point);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeTensor *info = call->in[0].info;
  const void *x = call->in[0].data;
  float *y = call->out[0].data;
  ptrdiff_t count = (ptrdiff_t)info->elements;
  if (info->type == EDGE_S8)
    from_s8(y, x, count, info->scale, info->zero_point);
  else if (info->type == EDGE_U8)
    from_u8(y, x, count, info->scale, info->zero_point);
  else
    from_s16(y, x, count, info->scale, info->zero_point);
  return EDGE_OK;
}

const EdgeKernel edge_plain_dequantize = {.check = check, .run = run};
