/* RESIZE_LINEAR: linear interpolation along one axis, in integers. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"

#define ONE 2048 /* what two weights sum to */

static int is_pair_list(const EdgeArg *arg, int32_t count) {
  return edge_is_type(arg, EDGE_S32) && edge_has_elements(arg, 2 * (int64_t)count) && edge_is_constant(arg);
}

/* Every source lies on the axis and every pair of weights is a proper mean. */
static int is_sane_interpolation(const int32_t *index, const int32_t *weight, int32_t count, int32_t length) {
  for (int32_t i = 0; i < 2 * count; i++)
    if (!edge_is_between(index[i], 0, length - 1) || !edge_is_between(weight[i], 0, ONE)) return 0;
  for (int32_t i = 0; i < count; i++)
    if (weight[2 * i] + weight[2 * i + 1] != ONE) return 0;
  return 1;
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeResizeParams *p = call->params;
  const EdgeArg *x = &call->in[0], *index = &call->in[1], *weight = &call->in[2], *y = &call->out[0];
  if (!edge_is_s8(x) || !edge_has_elements(x, edge_product(p->outer, p->length, p->inner)))
    return EDGE_MALFORMED;
  if (!edge_is_s8(y) || !edge_has_elements(y, edge_product(p->outer, p->count, p->inner)))
    return EDGE_MALFORMED;
  if (!is_pair_list(index, p->count) || !is_pair_list(weight, p->count)) return EDGE_MALFORMED;
  return is_sane_interpolation(index->data, weight->data, p->count, p->length) ? EDGE_OK : EDGE_MALFORMED;
}

static void blend(int8_t *y, const int8_t *x0, const int8_t *x1, int32_t w0, int32_t w1, int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)((w0 * x0[i] + w1 * x1[i] + ONE / 2) >> 11);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeResizeParams *p = call->params;
  const int32_t *index = call->in[1].data, *weight = call->in[2].data;
  const int8_t *x = call->in[0].data;
  int8_t *y = call->out[0].data;
  for (int32_t o = 0; o < p->outer; o++, x += (ptrdiff_t)p->length * p->inner)
    for (int32_t i = 0; i < p->count; i++, y += p->inner) {
      const int8_t *x0 = x + (ptrdiff_t)index[2 * i] * p->inner,
                   *x1 = x + (ptrdiff_t)index[2 * i + 1] * p->inner;
      blend(y, x0, x1, weight[2 * i], weight[2 * i + 1], p->inner);
    }
  return EDGE_OK;
}

const EdgeKernel edge_plain_resize_linear = {.check = check, .run = run};
