/* shared by the family: depthwise convolution by hand, from a padded copy of each input channel. */
#include "operators/conv/plane.h"

#include <string.h>

#define BLOCK 16 /* outputs of a row that are computed together; half of them at its end */

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Eight neighbouring floats, wherever they begin. */
typedef float Float8 __attribute__((vector_size(32), aligned(4), may_alias));

bool depthwise_fits(const ConvCase *c) {
  Plane plane;
  return c->group_in == 1 && c->group > 1 && c->out_pixels > 0 && plane_sizes(c, BLOCK, &plane);
}

/* What a row of outputs is made of. */
typedef struct Row {
  const float *from; /* in the plane */
  const int64_t *offsets;
  const float *weight;
  float bias;
  int64_t count;
  float *out;
  const float *end; /* of the whole output */
} Row;

#define ALL_OF(x) ((Float8){x, x, x, x, x, x, x, x}) /* a function would have an ABI of its own */

static ALWAYS_INLINE void store(float *to, Float8 left, Float8 right, bool wide) {
  *(Float8 *)to = left;
  if (wide) *(Float8 *)(to + 8) = right;
}

/* BLOCK outputs (`wide`) or half as many from output i on: bias and the taps' products, in the order of the
 * taps. */
static ALWAYS_INLINE void depthwise_block(const Row *row, int64_t i, int64_t taps, const Float8 *weights,
                                          bool wide) {
  float bias = row->bias;
  Float8 left = ALL_OF(bias), right = left;
  for (int64_t t = 0; t < taps; t++) {
    const float *x = row->from + i + row->offsets[t];
    float single = row->weight[t];
    Float8 w = weights != NULL ? weights[t] : ALL_OF(single);
    left += w * *(const Float8 *)x;
    if (wide) right += w * *(const Float8 *)(x + 8);
  }
  float *out = row->out + i;
  if (row->end - out >= BLOCK) { /* what is too much will be overwritten: outputs are made in order */
    store(out, left, right, wide);
  } else {
    float copy[BLOCK];
    store(copy, left, right, wide);
    memcpy(out, copy, (size_t)(row->count - i < BLOCK ? row->count - i : BLOCK) * sizeof *out);
  }
}

static ALWAYS_INLINE void depthwise_row_of(const Row *row, int64_t taps, const Float8 *weights) {
  int64_t i = 0;
  for (; row->count - i > BLOCK / 2; i += BLOCK) depthwise_block(row, i, taps, weights, true);
  if (i < row->count) depthwise_block(row, i, taps, weights, false);
}

/* The usual kernel, 3x3, is unrolled and its weights stay in registers. */
static ALWAYS_INLINE void depthwise_rows(const ConvCase *c, const Plane *plane, Row row) {
  int64_t step = plane_row_step(c, plane), rows = c->window.axes[1].out;
  Float8 weights[9];
  for (int t = 0; t < 9; t++) {
    float single = t < c->taps ? row.weight[t] : 0;
    weights[t] = ALL_OF(single);
  }
  for (int64_t r = 0; r < rows; r++, row.from += step, row.out += row.count) {
    if (c->taps == 9)
      depthwise_row_of(&row, 9, weights);
    else
      depthwise_row_of(&row, c->taps, NULL);
  }
}

static void depthwise_channel(const ConvCase *c, const Plane *plane, Row row) {
  depthwise_rows(c, plane, row);
}

#ifdef __x86_64__
/* The same sums in the same order, twice as wide. */
__attribute__((target("avx2"))) static void depthwise_channel_avx2(const ConvCase *c, const Plane *plane,
                                                                   Row row) {
  depthwise_rows(c, plane, row);
}
#endif

typedef void (*ChannelKernel)(const ConvCase *c, const Plane *plane, Row row);

static ChannelKernel channel_kernel(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return depthwise_channel_avx2;
#endif
  return depthwise_channel;
}

Status depthwise_f32(Run *run, const ConvCase *c) {
  const float *x = run->in[0]->data, *weight = run->in[1]->data;
  const Tensor *bias = run_input(run, 2);
  float *out = run->out[0]->data;
  ChannelKernel kernel = channel_kernel();
  Plane plane;
  plane_sizes(c, BLOCK, &plane);
  int64_t floats = plane_floats(&plane), channels = c->group * c->group_out;
  plane.data = floats_new(run, floats);
  plane.offsets = run_scratch(run, (size_t)c->taps * sizeof *plane.offsets);
  if (plane.data == NULL || plane.offsets == NULL) return fail_memory(run->err);
  memset(plane.data, 0, (size_t)floats * sizeof *plane.data);
  plane_offsets(c, &plane);
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    plane_fill(c, &plane, x + i * c->in_pixels);
    for (int64_t m = 0; m < c->group_out; m++) {
      int64_t o = i % c->group * c->group_out + m;
      Row row = {.from = plane.data,
                 .offsets = plane.offsets,
                 .weight = weight + o * c->taps,
                 .bias = bias == NULL ? 0 : ((const float *)bias->data)[o],
                 .count = c->window.axes[2].out,
                 .out = out + (i / c->group * channels + o) * c->out_pixels,
                 .end = out + c->batch * channels * c->out_pixels};
      kernel(c, &plane, row);
    }
  }
  return OK;
}
