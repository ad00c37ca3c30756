/* shared by the family: convolution as a matrix product. The windows of some outputs are laid out as the
   columns of a matrix (im2col) that stays in the cache, and CBLAS multiplies it by the weights. Kernels
   of one tap need no layout. */
#include "operators/conv/conv_case.h"

#include <string.h>

#define TILE_FLOATS (64 * 1024) /* of the column matrix */
#define LEAST_OUTPUTS 64        /* of a tile: BLAS needs some columns to be fast */

/* Outputs that are computed together: some whole rows, or a part of one. */
typedef struct Tile {
  int64_t row, rows, column, width;
} Tile;

/* How one tap fills a row of the column matrix for a tile: rows [first_row, end_row) of the tile and of them
   outputs [first, end) see the input, from its element `from` on; the rest is padding. */
typedef struct Tap {
  int64_t rows, first_row, end_row;
  int64_t width, first, end;
  int64_t from, row_step, step; /* in the input's channel: between rows, between outputs */
  bool whole;                   /* rows follow one another in the input as they do in the output */
} Tap;

/* The part of [*first, *end) that lies in `count` outputs from `start` on, counted from there. */
static void clip(int64_t start, int64_t count, int64_t *first, int64_t *end) {
  *first = *first > start ? *first - start : 0;
  *end = *end - start < count ? *end - start : count;
}

static Tap tap_of(const ConvCase *c, int64_t k, int64_t l, const Tile *tile) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  Tap tap = {
      .rows = tile->rows, .width = tile->width, .row_step = high->stride * wide->in, .step = wide->stride};
  window_outputs(high, k, &tap.first_row, &tap.end_row);
  window_outputs(wide, l, &tap.first, &tap.end);
  clip(tile->row, tile->rows, &tap.first_row, &tap.end_row);
  clip(tile->column, tile->width, &tap.first, &tap.end);
  if (tap.end_row <= tap.first_row || tap.end <= tap.first) tap.first_row = tap.end_row = tile->rows;
  tap.from = window_input(high, tile->row + tap.first_row, k) * wide->in +
             window_input(wide, tile->column + tap.first, l);
  tap.whole = tap.step == 1 && tap.row_step == tap.width;
  return tap;
}

static inline void clear(float *to, int64_t count) {
  if (count > 0) memset(to, 0, (size_t)count * sizeof *to);
}

static void copy_row(float *restrict to, const float *restrict from, int64_t step, int64_t count) {
  if (step == 1)
    memcpy(to, from, (size_t)count * sizeof *to);
  else if (step == 2)
    for (int64_t i = 0; i < count; i++) to[i] = from[2 * i];
  else
    for (int64_t i = 0; i < count; i++) to[i] = from[i * step];
}

/* Zeroes what the rows have before and behind the outputs that see the input. */
static void clear_sides(const Tap *tap, float *block) {
  if (tap->first == 0 && tap->end == tap->width) return;
  for (int64_t r = tap->first_row; r < tap->end_row; r++, block += tap->width) {
    for (int64_t i = 0; i < tap->first; i++) block[i] = 0;
    for (int64_t i = tap->end; i < tap->width; i++) block[i] = 0;
  }
}

static void lay_tap(const Tap *tap, const float *channel, float *to) {
  int64_t rows = tap->end_row - tap->first_row, count = tap->end - tap->first;
  float *block = to + tap->first_row * tap->width;
  clear(to, tap->first_row * tap->width);
  clear(to + tap->end_row * tap->width, (tap->rows - tap->end_row) * tap->width);
  if (rows == 0) return;
  if (tap->whole)
    memcpy(block + tap->first, channel + tap->from, (size_t)((rows - 1) * tap->width + count) * sizeof *to);
  else
    for (int64_t r = 0; r < rows; r++)
      copy_row(block + r * tap->width + tap->first, channel + tap->from + r * tap->row_step, tap->step,
               count);
  clear_sides(tap, block);
}

static void lay_columns(const ConvCase *c, const float *x, const Tile *tile, float *columns) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  int64_t length = tile->rows * tile->width;
  for (int64_t k = 0; k < high->kernel; k++)
    for (int64_t l = 0; l < wide->kernel; l++, columns += length) {
      Tap tap = tap_of(c, k, l, tile);
      for (int64_t i = 0; i < c->group_in; i++)
        lay_tap(&tap, x + i * c->in_pixels, columns + i * c->taps * length);
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

/* Splits `all` into equal parts of at most `most`, at least 1. */
static int64_t part_of(int64_t all, int64_t most) {
  if (most < 1) most = 1;
  int64_t parts = (all + most - 1) / most;
  return (all + parts - 1) / parts;
}

/* The largest tile: rows and width. A row is divided where it alone is too much, as in one dimension. */
static Tile tile_of(const ConvCase *c) {
  int64_t depth = c->group_in * c->taps, width = c->window.axes[2].out, outputs = TILE_FLOATS / depth;
  if (outputs < LEAST_OUTPUTS) outputs = LEAST_OUTPUTS;
  return (Tile){.rows = part_of(c->window.axes[1].out, outputs / width), .width = part_of(width, outputs)};
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
  Tile most = tile_of(c), tile;
  for (tile.row = 0; tile.row < all; tile.row += most.rows)
    for (tile.column = 0; tile.column < width; tile.column += most.width) {
      tile.rows = all - tile.row < most.rows ? all - tile.row : most.rows;
      tile.width = width - tile.column < most.width ? width - tile.column : most.width;
      lay_columns(c, x, &tile, columns);
      Matrix b = {columns, tile.rows * tile.width, false};
      product_f32(c->group_out, tile.rows * tile.width, depth, 1, a, b, 1,
                  out + tile.row * width + tile.column, c->out_pixels);
    }
}

Status conv_fast(Run *run, const ConvCase *c, const ConvOperands *operands) {
  float *out = operands->out, *columns = NULL;
  int64_t channels = c->group * c->group_out;
  if (c->out_pixels == 0) return OK;
  if (!is_pointwise(c)) {
    Tile most = tile_of(c);
    columns = floats_new(run, c->group_in * c->taps * most.rows * most.width);
    if (columns == NULL) return fail_memory(run->err);
  }
  for (int64_t n = 0; n < c->batch; n++) {
    for (int64_t o = 0; o < channels; o++)
      conv_start(operands->bias, out + (n * channels + o) * c->out_pixels, o, c->out_pixels);
    for (int64_t g = 0; g < c->group; g++)
      conv_group(c, operands->x + (n * c->group + g) * c->group_in * c->in_pixels,
                 operands->weight + g * c->group_out * c->group_in * c->taps, columns,
                 out + (n * channels + g * c->group_out) * c->out_pixels);
  }
  return OK;
}
