/* QUANTIZE: float32 to codes. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_f32(x) || !edge_is_indexable(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  if (!edge_is_s8(y) && !edge_is_type(y, EDGE_S16) && !edge_is_type(y, EDGE_U8)) return EDGE_MALFORMED;
  return edge_has_sane_zero_point(y) && edge_is_sane_scale(y->info->scale) ? EDGE_OK : EDGE_MALFORMED;
}

EDGE_INLINE void quantize(EdgeType type, void *y, const float *x, ptrdiff_t count, float scale,
                          EdgeCodes codes) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float value = x[i] == x[i] ? x[i] / scale : 0.0f; /* NaN gives the zero point */
    int32_t code = edge_code(value, codes);
    if (type == EDGE_S16)
      ((int16_t *)y)[i] = (int16_t)code;
    else
      ((uint8_t *)y)[i] = (uint8_t)code; /* the same byte for int8 */
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeTensor *info = call->out[0].info;
  const float *x = call->in[0].data;
  ptrdiff_t count = (ptrdiff_t)info->elements;
  if (info->type == EDGE_S16)
    quantize(EDGE_S16, call->out[0].data, x, count, info->scale, edge_codes_of(info));
  else
    quantize(EDGE_S8, call->out[0].data, x, count, info->scale, edge_codes_of(info));
  return EDGE_OK;
}

const EdgeKernel edge_plain_quantize = {.check = check, .run = run};
