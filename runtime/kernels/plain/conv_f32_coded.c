/* CONV_F32_CODED: convolution of floats with int8 or int4 weights; a product with a constant matrix is one of
 * 1x1. */
#include "runtime/kernels/plain/conv_f32_coded.h"
#include "runtime/kernel.h"
#include "runtime/kernels/plain/coded.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *w = &call->in[1], *y = &call->out[0];
  if (!edge_is_f32(x) || !edge_is_f32(y) || !edge_has_rank_4(x) || !edge_has_rank_4(y)) return EDGE_MALFORMED;
  if (!edge_is_sane_conv(call->params, x->info->dims, y->info->dims)) return EDGE_MALFORMED;
  if (!edge_is_weight(w) || !edge_has_conv_weights(call)) return EDGE_MALFORMED;
  if (!edge_has_coded_scales(call, y->info->dims[3])) return EDGE_MALFORMED;
  return edge_is_run_factors(&call->in[4], w, w->info->dims[0]) ? EDGE_OK : EDGE_MALFORMED;
}

static uint32_t scratch(const EdgeCall *call) {
  EdgeConvShape s = edge_conv_shape(call);
  uint32_t unpacked = edge_is_s4(&call->in[1]) ? (uint32_t)(edge_coded_block(&s) * s.depth) : 0;
  return edge_coded_row_bytes(call, &s) + unpacked;
}

/* lane[k % LANES] += x[k] * w[k] */
static void add_products(float *lane, const float *x, const int8_t *w, int32_t count) {
  int32_t k = 0;
  for (; k + EDGE_CODED_LANES <= count; k += EDGE_CODED_LANES)
    for (int32_t j = 0; j < EDGE_CODED_LANES; j++) lane[j] += x[k + j] * (float)w[k + j];
  for (int32_t j = 0; k + j < count; j++) lane[j] += x[k + j] * (float)w[k + j];
}

static float sum_of(const EdgeCodedBlock *block, int32_t pixel, int32_t output) {
  const float *x = block->row[pixel];
  const int8_t *w = block->w + (ptrdiff_t)output * block->depth;
  int32_t length = block->depth / block->runs;
  float total[EDGE_CODED_LANES] = {0};
  if (block->factors == NULL) {
    add_products(total, x, w, length);
    return edge_coded_total(total);
  }
  for (int32_t run = 0; run < block->runs; run++, x += length, w += length) {
    float lane[EDGE_CODED_LANES] = {0};
    float factor = (float)block->factors[(ptrdiff_t)output * block->runs + run];
    add_products(lane, x, w, length);
    for (int32_t j = 0; j < EDGE_CODED_LANES; j++) total[j] += lane[j] * factor;
  }
  return edge_coded_total(total);
}

static void sums(float *sum, const EdgeCodedBlock *block, int32_t pixels, int32_t outputs) {
  for (int32_t o = 0; o < outputs; o++)
    for (int32_t i = 0; i < pixels; i++) sum[o * EDGE_CODED_PIXELS + i] = sum_of(block, i, o);
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_coded_run(call, sums);
}

const EdgeKernel edge_plain_conv_f32_coded = {.check = check, .run = run, .scratch = scratch};
