/* shared by the family: depthwise convolution by hand. Each input channel is copied once into a plane with
   its padding, where the columns of a stride are brought together: a tap then reads neighbouring floats
   whatever the stride, and no loop asks for borders. */
#include "operators/conv/conv_case.h"

#include <string.h>

#define BLOCK 8 /* outputs of a row that are computed together */

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

/* Copies a channel into the plane, whose padding is zero already. */
static void plane_fill(const ConvCase *c, const Plane *plane, const float *x) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t r = 0; r < high->in && r + high->pad_begin < plane->rows; r++)
    for (int64_t phase = 0; phase < plane->phases; phase++) {
      float *to = plane->data + ((r + high->pad_begin) * plane->phases + phase) * plane->pitch;
      /* position i of the phase is input column i * stride + phase - pad_begin */
      int64_t first = (wide->pad_begin - phase + wide->stride - 1) / wide->stride;
      if (first < 0 || phase > wide->pad_begin) first = 0;
      const float *from = x + r * wide->in;
      int64_t shift = phase - wide->pad_begin;
      int64_t end = (wide->in + wide->pad_begin - phase + wide->stride - 1) / wide->stride;
      if (end > plane->pitch) end = plane->pitch;
      if (wide->stride == 1)
        for (int64_t i = first; i < end; i++) to[i] = from[i + shift];
      else
        for (int64_t i = first; i < end; i++) to[i] = from[i * wide->stride + shift];
    }
}

/* BLOCK outputs: bias and the taps' products, in the order of the taps. */
static inline void depthwise_block(const float *from, const int64_t *offsets, const float *weight,
                                   int64_t taps, float bias, float sums[BLOCK]) {
  for (int i = 0; i < BLOCK; i++) sums[i] = bias;
  for (int64_t t = 0; t < taps; t++) {
    const float *x = from + offsets[t];
    float w = weight[t];
    for (int i = 0; i < BLOCK; i++) sums[i] += w * x[i];
  }
}

static void depthwise_channel(const ConvCase *c, const Plane *plane, const float *weight, float bias,
                              float *out) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t r = 0; r < high->out; r++, out += wide->out) {
    const float *from = plane->data + r * high->stride * plane->phases * plane->pitch;
    for (int64_t i = 0; i < wide->out; i += BLOCK) {
      float sums[BLOCK];
      depthwise_block(from + i, plane->offsets, weight, c->taps, bias, sums);
      int64_t count = wide->out - i < BLOCK ? wide->out - i : BLOCK;
      memcpy(out + i, sums, (size_t)count * sizeof *out);
    }
  }
}

Status depthwise_f32(Run *run, const ConvCase *c) {
  const float *x = run->in[0]->data, *weight = run->in[1]->data;
  const Tensor *bias = run_input(run, 2);
  float *out = run->out[0]->data;
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
      depthwise_channel(c, &plane, weight + o * c->taps, bias == NULL ? 0 : ((const float *)bias->data)[o],
                        out + (i / c->group * channels + o) * c->out_pixels);
    }
  }
  return OK;
}
