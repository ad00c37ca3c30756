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
  if (!edge_is_s8(x) && !edge_is_s16(x)) return EDGE_MALFORMED;
  if (!edge_has_elements(x, edge_product(p->outer, p->length, p->inner))) return EDGE_MALFORMED;
  if (!edge_is_type(y, (EdgeType)x->info->type) ||
      !edge_has_elements(y, edge_product(p->outer, p->count, p->inner)))
    return EDGE_MALFORMED;
  if (!is_pair_list(index, p->count) || !is_pair_list(weight, p->count)) return EDGE_MALFORMED;
  return is_sane_interpolation(index->data, weight->data, p->count, p->length) ? EDGE_OK : EDGE_MALFORMED;
}

static void blend_s8(int8_t *y, const int8_t *x0, const int8_t *x1, int32_t w0, int32_t w1, int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)((w0 * x0[i] + w1 * x1[i] + ONE / 2) >> 11);
}

static void blend_s16(int16_t *y, const int16_t *x0, const int16_t *x1, int32_t w0, int32_t w1,
                      int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] = (int16_t)((w0 * x0[i] + w1 * x1[i] + ONE / 2) >> 11);
}

/* Elements of y from `at` on, from those of x that lie on both sides. */
static void blend(const EdgeCall *call, ptrdiff_t at, ptrdiff_t x0, ptrdiff_t x1, const int32_t *weight,
                  int32_t count) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (edge_is_s16(x))
    blend_s16((int16_t *)y->data + at, (const int16_t *)x->data + x0, (const int16_t *)x->data + x1,
              weight[0], weight[1], count);
  else
    blend_s8((int8_t *)y->data + at, (const int8_t *)x->data + x0, (const int8_t *)x->data + x1, weight[0],
             weight[1], count);
}

static EdgeStatus run(const EdgeCall *call) {
  const EdgeResizeParams *p = call->params;
  const int32_t *index = call->in[1].data, *weight = call->in[2].data;
  ptrdiff_t x = 0, at = 0, inner = p->inner;
  for (int32_t o = 0; o < p->outer; o++, x += p->length * inner)
    for (int32_t i = 0; i < p->count; i++, at += inner)
      blend(call, at, x + index[2 * i] * inner, x + index[2 * i + 1] * inner, weight + 2 * (ptrdiff_t)i,
            p->inner);
  return EDGE_OK;
}

const EdgeKernel edge_plain_resize_linear = {.check = check, .run = run};
