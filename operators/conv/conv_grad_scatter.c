/* shared by the family: the gradient of a convolution's data by giving out: what every output gives to each
   of its taps is a product, whose rows are added to where the taps saw the input. Cheaper than a convolution
   of dy where dy is much smaller than the input, because that would mostly multiply padding. */
#include "operators/conv/conv_grad.h"

#include "base/wide.h"
#include "operators/panel_product.h"

#include <string.h>

#define LEAST_GAIN 1.5 /* in multiplications, for the additions that come on top */

bool conv_grad_scatter_fits(const ConvCase *c) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  double strides = (double)high->stride * (double)wide->stride;
  return conv_f32_fits(c) && panel_product_runs() && c->out_pixels > 0 &&
         (double)c->in_pixels > LEAST_GAIN * strides * (double)c->out_pixels;
}

/* What one tap connects: rows of `count` outputs from `out` on, inputs from `in` on. */
typedef struct TapBlock {
  int64_t rows, count, out, in;
} TapBlock;

typedef struct Scatter {
  const ConvCase *c;
  TapBlock *blocks; /* by tap */
  float *weight;    /* [group, in, taps, out] */
  float *parts;     /* [taps, out_pixels]: what one input channel gets */
  PanelProduct product;
} Scatter;

static void find_blocks(const ConvCase *c, TapBlock *blocks) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t k = 0; k < high->kernel; k++)
    for (int64_t l = 0; l < wide->kernel; l++, blocks++) {
      int64_t row, end_row, column, end;
      window_outputs(high, k, &row, &end_row);
      window_outputs(wide, l, &column, &end);
      *blocks = (TapBlock){0};
      if (end_row <= row || end <= column) continue;
      *blocks = (TapBlock){.rows = end_row - row,
                           .count = end - column,
                           .out = row * wide->out + column,
                           .in = window_input(high, row, k) * wide->in + window_input(wide, column, l)};
    }
}

static void turn_weights(const ConvCase *c, const float *weight, float *to) {
  for (int64_t g = 0; g < c->group; g++)
    for (int64_t i = 0; i < c->group_in * c->taps; i++)
      for (int64_t o = 0; o < c->group_out; o++)
        *to++ = weight[(g * c->group_out + o) * c->group_in * c->taps + i];
}

static Status prepare(Run *run, const ConvCase *c, const float *weight, Scatter *s) {
  int64_t *places = run_scratch(run, (size_t)c->group_out * sizeof *places);
  *s = (Scatter){.c = c,
                 .blocks = run_scratch(run, (size_t)c->taps * sizeof *s->blocks),
                 .weight = floats_new(run, c->group * c->group_in * c->taps * c->group_out),
                 .parts = floats_new(run, c->taps * c->out_pixels)};
  float *panels = floats_new(run, PANEL_FLOATS);
  if (places == NULL || s->blocks == NULL || s->weight == NULL || s->parts == NULL || panels == NULL)
    return fail_memory(run->err);
  find_blocks(c, s->blocks);
  turn_weights(c, weight, s->weight);
  for (int64_t o = 0; o < c->group_out; o++) places[o] = o * c->out_pixels;
  s->product = panel_product_of(c->taps, c->out_pixels, c->group_out, NULL, NULL, s->parts, panels);
  s->product.b.places = places;
  return OK;
}

WIDE_LOOP static void add_block(float *restrict to, const float *restrict from, const ConvCase *c,
                                const TapBlock *block) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  int64_t to_step = high->stride * wide->in, stride = wide->stride;
  for (int64_t y = 0; y < block->rows; y++, to += to_step, from += wide->out)
    if (stride == 1)
      for (int64_t x = 0; x < block->count; x++) to[x] += from[x];
    else
      for (int64_t x = 0; x < block->count; x++) to[x * stride] += from[x];
}

/* One group of one sample. */
static void scatter_group(Scatter *s, int64_t group, const float *dy, float *dx) {
  const ConvCase *c = s->c;
  PanelProduct *p = &s->product;
  p->b.data = dy;
  p->b.end = dy + c->group_out * c->out_pixels;
  for (int64_t i = 0; i < c->group_in; i++, dx += c->in_pixels) {
    p->a = s->weight + (group * c->group_in + i) * c->taps * c->group_out;
    panel_product(p);
    for (int64_t t = 0; t < c->taps; t++)
      add_block(dx + s->blocks[t].in, s->parts + t * c->out_pixels + s->blocks[t].out, c, &s->blocks[t]);
  }
}

Status conv_grad_scatter(Run *run, const ConvCase *c, const float *dy, const float *weight, float *dx) {
  Scatter s;
  TRY(prepare(run, c, weight, &s));
  int64_t image = c->group_in * c->in_pixels, out = c->group_out * c->out_pixels;
  memset(dx, 0, (size_t)(c->batch * c->group * image) * sizeof *dx);
  for (int64_t i = 0; i < c->batch * c->group; i++)
    scatter_group(&s, i % c->group, dy + i * out, dx + i * image);
  return OK;
}
