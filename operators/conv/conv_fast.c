/* shared by the family: convolution as a matrix product. The windows of some rows of outputs are laid out as
   the columns of a matrix (im2col) that stays in the cache, and CBLAS multiplies it by the weights. Kernels
   of one tap need no layout. */
#include "operators/conv/conv_case.h"

#include <string.h>

#define TILE_FLOATS (64 * 1024) /* of the column matrix, where an output row is not larger */

/* Outputs [first, end) of a row see the input at tap `k`; they get in[0], in[step] ..., others zero. */
typedef struct ColumnRange {
  int64_t first, end;
} ColumnRange;

static void copy_row(float *restrict to, const float *restrict from, int64_t step, int64_t count) {
  if (step == 1)
    memcpy(to, from, (size_t)count * sizeof *to);
  else
    for (int64_t i = 0; i < count; i++) to[i] = from[i * step];
}

/* Zeroes what a block of `rows` rows has outside of `range`. */
static void clear_sides(float *block, int64_t rows, int64_t width, ColumnRange range) {
  for (int64_t r = 0; r < rows; r++, block += width) {
    for (int64_t i = 0; i < range.first; i++) block[i] = 0;
    for (int64_t i = range.end; i < width; i++) block[i] = 0;
  }
}

/* One tap of one channel for output rows [row, row + rows): a row of the column matrix. */
static void lay_tap(const WindowAxis *high, const WindowAxis *wide, const float *plane, int64_t k, int64_t l,
                    int64_t row, int64_t rows, float *to) {
  ColumnRange inside, range;
  window_outputs(high, k, &inside.first, &inside.end);
  window_outputs(wide, l, &range.first, &range.end);
  int64_t first = inside.first > row ? inside.first - row : 0;
  int64_t end = inside.end - row < rows ? inside.end - row : rows;
  int64_t width = wide->out, count = range.end - range.first;
  if (end <= first || count == 0) {
    memset(to, 0, (size_t)(rows * width) * sizeof *to);
    return;
  }
  memset(to, 0, (size_t)(first * width) * sizeof *to);
  memset(to + end * width, 0, (size_t)((rows - end) * width) * sizeof *to);
  int64_t start = window_input(wide, range.first, l);
  const float *from = plane + window_input(high, row + first, k) * wide->in + start;
  float *block = to + first * width;
  if (wide->stride == 1 && high->stride == 1 && width == wide->in) { /* rows follow one another: one copy */
    memcpy(block + range.first, from, (size_t)((end - first - 1) * width + count) * sizeof *to);
  } else {
    for (int64_t r = 0; r < end - first; r++)
      copy_row(block + r * width + range.first, from + r * high->stride * wide->in, wide->stride, count);
  }
  clear_sides(block, end - first, width, range);
}

static void lay_columns(const ConvCase *c, const float *x, int64_t row, int64_t rows, float *columns) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t i = 0; i < c->group_in; i++)
    for (int64_t k = 0; k < high->kernel; k++)
      for (int64_t l = 0; l < wide->kernel; l++) {
        lay_tap(high, wide, x + i * c->in_pixels, k, l, row, rows, columns);
        columns += rows * wide->out;
      }
}

/* The input of a group is its column matrix already. */
static bool is_pointwise(const ConvCase *c) {
  for (int i = 0; i < WINDOW_MAX_AXES; i++) {
    const WindowAxis *a = &c->window.axes[i];
    if (a->kernel != 1 || a->stride != 1 || a->pad_begin != 0 || a->pad_end != 0) return false;
  }
  return true;
}

static int64_t tile_rows(const ConvCase *c) {
  int64_t row_floats = c->group_in * c->taps * c->window.axes[2].out;
  int64_t rows = TILE_FLOATS / row_floats, all = c->window.axes[1].out;
  if (rows < 1) rows = 1;
  if (rows >= all) return all;
  int64_t tiles = (all + rows - 1) / rows;
  return (all + tiles - 1) / tiles;
}

/* One group of one sample; `columns` NULL where it is pointwise. */
static void conv_group(const ConvCase *c, const float *x, const float *weight, float *columns, float *out) {
  int64_t depth = c->group_in * c->taps, width = c->window.axes[2].out, all = c->window.axes[1].out;
  Matrix a = {weight, depth, false};
  if (columns == NULL) {
    Matrix b = {x, c->in_pixels, false};
    product_f32(c->group_out, c->out_pixels, depth, 1, a, b, 1, out, c->out_pixels);
    return;
  }
  int64_t step = tile_rows(c);
  for (int64_t row = 0; row < all; row += step) {
    int64_t rows = all - row < step ? all - row : step;
    lay_columns(c, x, row, rows, columns);
    Matrix b = {columns, rows * width, false};
    product_f32(c->group_out, rows * width, depth, 1, a, b, 1, out + row * width, c->out_pixels);
  }
}

Status conv_fast(Run *run, const ConvCase *c) {
  const float *x = run->in[0]->data, *weight = run->in[1]->data;
  float *out = run->out[0]->data, *columns = NULL;
  int64_t channels = c->group * c->group_out;
  if (c->out_pixels == 0) return OK;
  if (!is_pointwise(c)) {
    columns = floats_new(run, c->group_in * c->taps * tile_rows(c) * c->window.axes[2].out);
    if (columns == NULL) return fail_memory(run->err);
  }
  for (int64_t n = 0; n < c->batch; n++) {
    for (int64_t o = 0; o < channels; o++)
      conv_start(run, out + (n * channels + o) * c->out_pixels, o, c->out_pixels);
    for (int64_t g = 0; g < c->group; g++)
      conv_group(c, x + (n * c->group + g) * c->group_in * c->in_pixels,
                 weight + g * c->group_out * c->group_in * c->taps, columns,
                 out + (n * channels + g * c->group_out) * c->out_pixels);
  }
  return OK;
}
