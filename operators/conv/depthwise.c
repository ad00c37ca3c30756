/* shared by the family: depthwise convolution by hand. Each input channel is copied once into a plane with
   its padding, where the columns of a stride are brought together: a tap then reads neighbouring floats
   whatever the stride, and no loop asks for borders. */
#include "operators/conv/conv_case.h"

#include <string.h>

#define BLOCK 16 /* outputs of a row that are computed together; half of them at its end */

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Eight neighbouring floats, wherever they begin. */
typedef float Float8 __attribute__((vector_size(32), aligned(4), may_alias));

/* The padded plane: `rows` rows of `stride` phases, each `pitch` floats. */
typedef struct Plane {
  float *data;
  int64_t rows, phases, pitch;
  int64_t *offsets; /* of each tap, from the begin of an output row's first input row */
} Plane;

static int64_t round_up(int64_t count, int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

static void plane_sizes(const ConvCase *c, Plane *plane) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  plane->rows = (high->out - 1) * high->stride + (high->kernel - 1) * high->dilation + 1;
  plane->phases = wide->stride;
  plane->pitch = round_up(wide->out, BLOCK) + (wide->kernel - 1) * wide->dilation / wide->stride;
}

bool depthwise_fits(const ConvCase *c) {
  if (c->group_in != 1 || c->group == 1 || c->out_pixels == 0) return false;
  Plane plane;
  plane_sizes(c, &plane);
  /* Huge pads and strides would make a plane that is much larger than what it serves. */
  double floats = (double)plane.rows * (double)plane.phases * (double)plane.pitch;
  return floats < 65536 + 8 * ((double)c->in_pixels + (double)c->out_pixels);
}

static void plane_offsets(const ConvCase *c, Plane *plane) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t k = 0, t = 0; k < high->kernel; k++)
    for (int64_t l = 0; l < wide->kernel; l++, t++) {
      int64_t column = l * wide->dilation;
      plane->offsets[t] = (k * high->dilation * plane->phases + column % plane->phases) * plane->pitch +
                          column / plane->phases;
    }
}

static void copy_phase(float *restrict to, const float *restrict from, int64_t stride, int64_t count) {
  if (stride == 1)
    for (int64_t i = 0; i < count; i++) to[i] = from[i];
  else if (stride == 2)
    for (int64_t i = 0; i < count; i++) to[i] = from[2 * i];
  else
    for (int64_t i = 0; i < count; i++) to[i] = from[i * stride];
}

/* Copies a channel into the plane, whose padding is zero already. */
static void plane_fill(const ConvCase *c, const Plane *plane, const float *x) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  int64_t stride = wide->stride, rows = plane->rows - high->pad_begin;
  if (rows > high->in) rows = high->in;
  for (int64_t phase = 0; phase < plane->phases; phase++) {
    /* position i of the phase is input column i * stride + shift */
    int64_t shift = phase - wide->pad_begin, first = shift < 0 ? (stride - 1 - shift) / stride : 0;
    int64_t end = wide->in > shift ? (wide->in - shift + stride - 1) / stride : 0;
    if (end > plane->pitch) end = plane->pitch;
    if (end <= first) continue;
    float *to = plane->data + (high->pad_begin * plane->phases + phase) * plane->pitch + first;
    for (int64_t r = 0; r < rows; r++)
      copy_phase(to + r * plane->phases * plane->pitch, x + r * wide->in + first * stride + shift, stride,
                 end - first);
  }
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

/* `vectors` times 8 outputs from output i on: bias and the taps' products, in the order of the taps. */
static ALWAYS_INLINE void depthwise_block(const Row *row, int64_t i, int64_t taps, int vectors) {
  Float8 sums[BLOCK / 8];
  float b = row->bias;
  for (int v = 0; v < vectors; v++) sums[v] = (Float8){b, b, b, b, b, b, b, b};
  for (int64_t t = 0; t < taps; t++) {
    const float *x = row->from + i + row->offsets[t];
    float w = row->weight[t];
    for (int v = 0; v < vectors; v++) sums[v] += w * *(const Float8 *)(x + 8 * v);
  }
  float *out = row->out + i;
  if (row->end - out >= 8 * vectors) /* what is too much will be overwritten: outputs are made in order */
    memcpy(out, sums, (size_t)(8 * vectors) * sizeof *out);
  else
    memcpy(out, sums, (size_t)(row->count - i) * sizeof *out);
}

static ALWAYS_INLINE void depthwise_row_of(const Row *row, int64_t taps) {
  int64_t i = 0;
  for (; row->count - i > BLOCK / 2; i += BLOCK) depthwise_block(row, i, taps, BLOCK / 8);
  if (i < row->count) depthwise_block(row, i, taps, BLOCK / 16);
}

/* The usual kernel, 3x3, is unrolled. */
static ALWAYS_INLINE void depthwise_rows(const ConvCase *c, const Plane *plane, Row row) {
  int64_t step = c->window.axes[1].stride * plane->phases * plane->pitch;
  for (int64_t r = 0; r < c->window.axes[1].out; r++, row.from += step, row.out += row.count) {
    if (c->taps == 9)
      depthwise_row_of(&row, 9);
    else
      depthwise_row_of(&row, c->taps);
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
  plane_sizes(c, &plane);
  int64_t floats = plane.rows * plane.phases * plane.pitch, channels = c->group * c->group_out;
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
