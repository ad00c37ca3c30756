/* shared by the family: the gradient of a convolution's weight. That of the weight between output channel o
   and tap t of input channel i is the sum over all outputs of dy[o] times what the tap saw: a product of
   rows, without a column matrix. */
#include "operators/conv/conv_grad.h"
#include "operators/conv/conv_source.h"
#include "operators/panel_product.h"
#include "operators/row_product.h"

#include <string.h>

bool conv_grad_weight_fits(const ConvCase *c) {
  return conv_f32_fits(c) && conv_panels_fit(c);
}

static Status prepare(Run *run, const ConvCase *c, const ConvSource *source, RowProduct *p) {
  *p = (RowProduct){.m = c->group_in * c->taps,
                    .n = c->group_out,
                    .runs = c->out_pixels / source->width,
                    .run = source->width,
                    .a_rows = source->places,
                    .a_step = source->row_step,
                    .b_row = c->out_pixels,
                    .b_step = source->width,
                    .c_stride = (c->group_out + 7) / 8 * 8,
                    .panel = floats_new(run, ROW_PANEL_FLOATS)};
  return p->panel != NULL ? OK : fail_memory(run->err);
}

/* Where pixels are few and follow one another, those of all samples are one sum. */
static bool joins_samples(const ConvCase *c, const ConvSource *source) {
  return source->plane.data == NULL && source->width == c->out_pixels;
}

static void add_samples(const ConvCase *c, ConvSource *source, RowProduct *p, const float *x, const float *dy,
                        float *sums) {
  int64_t image = c->group_in * c->in_pixels, out = c->group_out * c->out_pixels, calls = c->batch * c->group;
  if (joins_samples(c, source)) {
    p->runs = c->batch;
    p->a_step = c->group * image;
    p->b_step = c->group * out;
    calls = c->group;
  }
  for (int64_t i = 0; i < calls; i++) {
    conv_source_fill(c, x + i * image, source);
    p->a = source->data;
    p->b = dy + i * out;
    p->c = sums + i % c->group * p->m * p->c_stride;
    row_product(p);
  }
}

Status conv_grad_weight(Run *run, const ConvCase *c, const float *x, const float *dy, float *dw) {
  ConvSource source;
  RowProduct p;
  TRY(conv_source_new(run, c, &source));
  TRY(prepare(run, c, &source, &p));
  float *sums = floats_new(run, c->group * p.m * p.c_stride);
  if (sums == NULL) return fail_memory(run->err);
  memset(sums, 0, (size_t)(c->group * p.m * p.c_stride) * sizeof *sums);
  if (c->batch > 0) add_samples(c, &source, &p, x, dy, sums);
  for (int64_t g = 0; g < c->group; g++, dw += p.n * p.m, sums += p.m * p.c_stride)
    for (int64_t o = 0; o < p.n; o++)
      for (int64_t r = 0; r < p.m; r++) dw[o * p.m + r] = sums[r * p.c_stride + o];
  return OK;
}
