/* shared by the family: convolution as a product from panels. */
#include "operators/conv/conv_source.h"
#include "operators/panel_product.h"

#include <math.h>

static PanelSource columns_of(const ConvCase *c, const ConvSource *source) {
  return (PanelSource){.data = source->data,
                       .end = source->end,
                       .channel_step = source->channel_step,
                       .taps = c->taps,
                       .offsets = source->offsets,
                       .width = source->width,
                       .row_step = source->row_step,
                       .places = source->places};
}

Status conv_panels(Run *run, const ConvCase *c, const ConvOperands *operands) {
  int64_t depth = c->group_in * c->taps;
  ConvSource source;
  PanelProduct product = {.m = c->group_out,
                          .n = c->out_pixels,
                          .k = depth,
                          .a_stride = depth,
                          .low = -INFINITY,
                          .high = INFINITY,
                          .c_stride = c->out_pixels,
                          .panels = floats_new(run, PANEL_FLOATS)};
  if (product.panels == NULL) return fail_memory(run->err);
  TRY(conv_source_new(run, c, &source));
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    int64_t o = i % c->group * c->group_out;
    conv_source_fill(c, operands->x + i * c->group_in * c->in_pixels, &source);
    product.a = operands->weight + o * depth;
    product.b = columns_of(c, &source);
    product.start = operands->bias == NULL ? NULL : operands->bias + o;
    product.c = operands->out + i * c->group_out * c->out_pixels;
    panel_product(&product);
  }
  return OK;
}
