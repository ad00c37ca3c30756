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

/* What one or two rows of outputs are made of. */
typedef struct Rows {
  const float *from; /* in the plane */
  int64_t next;      /* floats to where the second one comes from */
  const int64_t *offsets;
  const float *weight;
  float bias;
  int64_t count; /* outputs of a row */
  float *out;
  const float *end; /* of the whole output */
} Rows;

#define ALL_OF(x) ((Float8){x, x, x, x, x, x, x, x}) /* a function would have an ABI of its own */

/* Outputs of a row from `out` on, of which `count` are its own. What is too much may run into what is
 * computed later. */
static ALWAYS_INLINE void store(float *out, const Float8 *left, const Float8 *right, bool wide, int64_t count,
                                int64_t room) {
  if (room >= BLOCK || (!wide && room >= BLOCK / 2)) {
    *(Float8 *)out = *left;
    if (wide) *(Float8 *)(out + 8) = *right;
  } else {
    float copy[BLOCK];
    *(Float8 *)copy = *left;
    *(Float8 *)(copy + 8) = *right;
    memcpy(out, copy, (size_t)(count < BLOCK ? count : BLOCK) * sizeof *out);
  }
}

/* How a block is computed: constants wherever it is inlined. */
typedef struct Form {
  int64_t taps;
  bool both; /* rows; else the first one */
  bool wide; /* BLOCK outputs; else half as many */
} Form;

/* A block from output i on: bias and the taps' products, in the order of the taps. `weights` NULL: not at
 * hand. */
static ALWAYS_INLINE void depthwise_block(const Rows *rows, int64_t i, const Float8 *weights, Form form) {
  float bias = rows->bias;
  Float8 left = ALL_OF(bias), right = left, next_left = left, next_right = left;
  const float *from = rows->from + i;
  for (int64_t t = 0; t < form.taps; t++) {
    const float *x = from + rows->offsets[t], *next = x + rows->next;
    float single = rows->weight[t];
    Float8 w = weights != NULL ? weights[t] : ALL_OF(single);
    left += w * *(const Float8 *)x;
    if (form.wide) right += w * *(const Float8 *)(x + 8);
    if (form.both) next_left += w * *(const Float8 *)next;
    if (form.both && form.wide) next_right += w * *(const Float8 *)(next + 8);
  }
  float *out = rows->out + i;
  int64_t count = rows->count - i, room = rows->end - out;
  bool runs_over = !form.both || i == 0; /* else the second row is there already */
  store(out, &left, &right, form.wide, count, runs_over ? room : count);
  if (form.both) store(out + rows->count, &next_left, &next_right, form.wide, count, room - rows->count);
}

static ALWAYS_INLINE void depthwise_row(const Rows *rows, const Float8 *weights, int64_t taps, bool both) {
  Form whole = {taps, both, true}, half = {taps, both, false};
  int64_t i = 0;
  for (; rows->count - i > BLOCK / 2; i += BLOCK) depthwise_block(rows, i, weights, whole);
  if (i < rows->count) depthwise_block(rows, i, weights, half);
}

/* The usual kernel, 3x3: unrolled, its weights stay in registers. */
static ALWAYS_INLINE void depthwise_3x3(const ConvCase *c, Rows rows, int64_t step) {
  Float8 weights[9];
  for (int t = 0; t < 9; t++) {
    float single = rows.weight[t];
    weights[t] = ALL_OF(single);
  }
  for (int64_t r = 0; r < c->window.axes[1].out; r++, rows.from += step, rows.out += rows.count)
    depthwise_row(&rows, weights, 9, false);
}

/* Any other: rows two by two, since sums of many taps would wait for one another. */
static ALWAYS_INLINE void depthwise_rows(const ConvCase *c, const Plane *plane, Rows rows) {
  int64_t step = plane_row_step(c, plane), all = c->window.axes[1].out, r = 0;
  if (c->taps == 9) {
    depthwise_3x3(c, rows, step);
    return;
  }
  rows.next = step;
  for (; r + 1 < all; r += 2, rows.from += 2 * step, rows.out += 2 * rows.count)
    depthwise_row(&rows, NULL, c->taps, true);
  if (r < all) depthwise_row(&rows, NULL, c->taps, false);
}

static void depthwise_channel(const ConvCase *c, const Plane *plane, Rows rows) {
  depthwise_rows(c, plane, rows);
}

#ifdef __x86_64__
/* The same sums in the same order, twice as wide. */
__attribute__((target("avx2"))) static void depthwise_channel_avx2(const ConvCase *c, const Plane *plane,
                                                                   Rows rows) {
  depthwise_rows(c, plane, rows);
}
#endif

typedef void (*ChannelKernel)(const ConvCase *c, const Plane *plane, Rows rows);

static ChannelKernel channel_kernel(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return depthwise_channel_avx2;
#endif
  return depthwise_channel;
}

Status depthwise_f32(Run *run, const ConvCase *c, const ConvOperands *operands) {
  float *out = operands->out;
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
    plane_fill(c, &plane, operands->x + i * c->in_pixels);
    for (int64_t m = 0; m < c->group_out; m++) {
      int64_t o = i % c->group * c->group_out + m;
      Rows rows = {.from = plane.data,
                   .offsets = plane.offsets,
                   .weight = operands->weight + o * c->taps,
                   .bias = operands->bias == NULL ? 0 : operands->bias[o],
                   .count = c->window.axes[2].out,
                   .out = out + (i / c->group * channels + o) * c->out_pixels,
                   .end = out + c->batch * channels * c->out_pixels};
      kernel(c, &plane, rows);
    }
  }
  return OK;
}
