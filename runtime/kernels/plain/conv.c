/* CONV: convolution with constant weights; a product with a constant matrix is one of 1x1. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/conv_walk.h"

static EdgeStatus check(const EdgeCall *call) {
  if (!edge_is_sane_integer_conv(call)) return EDGE_MALFORMED;
  if (!edge_is_weight(&call->in[1])) return EDGE_MALFORMED;
  return edge_has_conv_weights(call) && edge_has_sane_factors(call) ? EDGE_OK : EDGE_MALFORMED;
}

static uint32_t scratch(const EdgeCall *call) {
  EdgeConvShape shape = edge_conv_shape(call);
  uint32_t unpacked = edge_is_s4(&call->in[1]) ? (uint32_t)(edge_conv_block(&shape) * shape.depth) : 0;
  return edge_conv_row_bytes(&shape) + unpacked;
}

EDGE_INLINE void widen(int16_t *row, const int8_t *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) row[i] = (int16_t)(x[i] + 128);
}

/* Unsigned, because that may wrap around. */
static void multiply_4(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, const int8_t *w,
                       int32_t depth) {
  const int16_t *x0 = rows, *x1 = x0 + row_length, *x2 = x1 + row_length, *x3 = x2 + row_length;
  uint32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
  for (int32_t k = 0; k < depth; k++) {
    sum0 += (uint32_t)(x0[k] * w[k]);
    sum1 += (uint32_t)(x1[k] * w[k]);
    sum2 += (uint32_t)(x2[k] * w[k]);
    sum3 += (uint32_t)(x3[k] * w[k]);
  }
  sum[0 * EDGE_CONV_OUTPUTS] = (int32_t)sum0;
  sum[1 * EDGE_CONV_OUTPUTS] = (int32_t)sum1;
  sum[2 * EDGE_CONV_OUTPUTS] = (int32_t)sum2;
  sum[3 * EDGE_CONV_OUTPUTS] = (int32_t)sum3;
}

static int32_t multiply_1(const int16_t *x, const int8_t *w, int32_t depth) {
  uint32_t sum = 0;
  for (int32_t k = 0; k < depth; k++) sum += (uint32_t)(x[k] * w[k]);
  return (int32_t)sum;
}

static void multiply(int32_t *sum, const int16_t *rows, ptrdiff_t row_length, int32_t pixels, const int8_t *w,
                     ptrdiff_t stride, int32_t depth, int32_t outputs) {
  for (int32_t o = 0; o < outputs; o++, w += stride) {
    if (pixels == 4)
      multiply_4(sum + o, rows, row_length, w, depth);
    else
      for (int32_t i = 0; i < pixels; i++)
        sum[i * EDGE_CONV_OUTPUTS + o] = multiply_1(rows + i * row_length, w, depth);
  }
}

static void compute(const EdgeConvJob *job, int16_t *rows, int32_t begin, int32_t end) {
  edge_conv_compute((EdgeConvSteps){widen, multiply, edge_conv_store}, job, rows, begin, end);
}

static EdgeStatus run(const EdgeCall *call) {
  EdgeConvJob job = edge_conv_job(call, compute);
  return edge_conv_run(&job);
}

const EdgeKernel edge_plain_conv = {.check = check, .run = run, .scratch = scratch};
