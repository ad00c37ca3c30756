/* shared by the family: padded copies of channels. */
#include "operators/conv/plane.h"

static int64_t round_up(int64_t count, int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

bool plane_sizes(const ConvCase *c, int64_t block, Plane *plane) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  plane->rows = (high->out - 1) * high->stride + (high->kernel - 1) * high->dilation + 1;
  plane->phases = wide->stride;
  plane->pitch = round_up(wide->out, block) + (wide->kernel - 1) * wide->dilation / wide->stride;
  double floats = (double)plane->rows * (double)plane->phases * (double)plane->pitch;
  return floats < 65536 + 8 * ((double)c->in_pixels + (double)c->out_pixels);
}

void plane_offsets(const ConvCase *c, const Plane *plane) {
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

void plane_fill(const ConvCase *c, const Plane *plane, const float *x) {
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
