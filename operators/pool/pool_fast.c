/* shared by the family: float32 pooling of one or two axes. Rows of a window are first combined element by
   element into one row with padding at its sides, then neighbours of that row are combined. */
#include "operators/pool/pool.h"

#include <math.h>

#define LONGEST_ROW (INT64_C(1) << 24) /* of the padded row; longer ones are hostile: the plain kernel */

static int64_t row_length(const WindowAxis *wide) {
  return (wide->out - 1) * wide->stride + (wide->kernel - 1) * wide->dilation + 1;
}

bool pool_fast_fits(const Run *run, const PoolCase *c) {
  const WindowAxis *deep = &c->window.axes[0];
  if (run->in[0]->type != ELEMENT_FLOAT32 || run_output(run, 0) == NULL || run_output(run, 1) != NULL)
    return false;
  return deep->in == 1 && deep->kernel == 1 && deep->out == 1 && c->out_pixels > 0 &&
         row_length(&c->window.axes[2]) <= LONGEST_ROW;
}

/* to = maximum or sum of to and from, element by element. */
static inline void combine(bool maximum, float *restrict to, const float *restrict from, int64_t step,
                           int64_t count) {
  if (step == 1)
    for (int64_t i = 0; i < count; i++)
      to[i] = !maximum ? to[i] + from[i] : from[i] > to[i] ? from[i] : to[i];
  else
    for (int64_t i = 0; i < count; i++) {
      float x = from[i * step];
      to[i] = !maximum ? to[i] + x : x > to[i] ? x : to[i];
    }
}

/* One row of outputs. `row` has the padded length, its sides hold `neutral`. */
static inline void pool_row(bool maximum, const PoolCase *c, const float *plane, int64_t r, float *row,
                            float *out) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  float neutral = maximum ? -INFINITY : 0;
  int64_t first, end, length = row_length(wide) - wide->pad_begin;
  if (length > wide->in) length = wide->in;
  window_taps(high, r, false, &first, &end);
  for (int64_t i = 0; i < length; i++) row[wide->pad_begin + i] = neutral;
  for (int64_t k = first; k < end; k++)
    combine(maximum, row + wide->pad_begin, plane + window_input(high, r, k) * wide->in, 1, length);
  for (int64_t i = 0; i < wide->out; i++) out[i] = neutral;
  for (int64_t l = 0; l < wide->kernel; l++)
    combine(maximum, out, row + l * wide->dilation, wide->stride, wide->out);
}

static float *new_row(Run *run, const PoolCase *c, float neutral) {
  int64_t length = row_length(&c->window.axes[2]) + c->window.axes[2].pad_begin;
  float *row = floats_new(run, length);
  for (int64_t i = 0; row != NULL && i < length; i++) row[i] = neutral;
  return row;
}

Status pool_fast_maximum(Run *run, const PoolCase *c) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  const float *x = run->in[0]->data;
  float *out = run->out[0]->data, *row = new_row(run, c, -INFINITY);
  if (row == NULL) return fail_memory(run->err);
  for (int64_t plane = 0; plane < c->planes; plane++, x += c->in_pixels)
    for (int64_t r = 0; r < high->out; r++, out += wide->out) pool_row(true, c, x, r, row, out);
  return OK;
}

/* Elements that output `o` averages along an axis; at least 1, so that an empty window gives 0. */
static float counted(const WindowAxis *axis, int64_t o, bool padded) {
  int64_t first, end;
  window_taps(axis, o, padded, &first, &end);
  return end > first ? (float)(end - first) : 1;
}

Status pool_fast_average(Run *run, const PoolCase *c, bool count_include_pad) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  const float *x = run->in[0]->data;
  float *out = run->out[0]->data, *row = new_row(run, c, 0), *counts = floats_new(run, wide->out);
  if (row == NULL || counts == NULL) return fail_memory(run->err);
  for (int64_t i = 0; i < wide->out; i++) counts[i] = counted(wide, i, count_include_pad);
  for (int64_t plane = 0; plane < c->planes; plane++, x += c->in_pixels)
    for (int64_t r = 0; r < high->out; r++, out += wide->out) {
      pool_row(false, c, x, r, row, out);
      float rows = counted(high, r, count_include_pad);
      for (int64_t i = 0; i < wide->out; i++) out[i] /= rows * counts[i];
    }
  return OK;
}
