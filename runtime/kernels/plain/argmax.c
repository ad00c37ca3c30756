/* ARGMAX: index of the largest (or smallest) element along an axis. A NaN never beats anything and is never
 * beaten. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/requantize.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArgmaxParams *p = call->params;
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_s8(x) && !edge_is_s16(x) && !edge_is_f32(x)) return EDGE_MALFORMED;
  if (!edge_is_type(y, EDGE_S64) && !edge_is_type(y, EDGE_S32)) return EDGE_MALFORMED;
  if (!edge_has_elements(x, edge_product(p->outer, p->length, p->inner))) return EDGE_MALFORMED;
  if (!edge_has_elements(y, edge_product(p->outer, p->inner, 1))) return EDGE_MALFORMED;
  return edge_is_between(p->last, 0, 1) && edge_is_between(p->smallest, 0, 1) ? EDGE_OK : EDGE_MALFORMED;
}

/* Codes are exact in float32, so one comparison serves all types. */
static float element(const EdgeArg *x, ptrdiff_t i) {
  if (x->info->type == EDGE_F32) return ((const float *)x->data)[i];
  return (float)edge_load_code(x, i);
}

static int32_t best_of(const EdgeArg *x, ptrdiff_t at, const EdgeArgmaxParams *p) {
  float sign = p->smallest ? -1.0f : 1.0f, best = sign * element(x, at);
  int32_t where = 0;
  for (int32_t i = 1; i < p->length; i++) {
    float value = sign * element(x, at + (ptrdiff_t)i * p->inner);
    if (value > best || (p->last && value == best)) {
      best = value;
      where = i;
    }
  }
  return where;
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeArgmaxParams *p = call->params;
  const EdgeArg *y = &call->out[0];
  for (int32_t o = 0; o < p->outer; o++)
    for (int32_t i = 0; i < p->inner; i++) {
      int32_t where = best_of(&call->in[0], (ptrdiff_t)o * p->length * p->inner + i, p);
      ptrdiff_t at = (ptrdiff_t)o * p->inner + i;
      if (y->info->type == EDGE_S64)
        ((int64_t *)y->data)[at] = where;
      else
        ((int32_t *)y->data)[at] = where;
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_argmax = {.check = check, .run = run};
