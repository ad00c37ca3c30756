/* shared by the family: convolution as a product from panels, which are filled from the input itself or,
   where there is padding or a stride, from padded copies of its channels. */
#include "operators/conv/plane.h"
#include "operators/panel_product.h"

#include <math.h>
#include <string.h>

/* Outputs need no padding and lie one behind the other in the input. */
static bool is_direct(const ConvCase *c) {
  for (int i = 1; i < WINDOW_MAX_AXES; i++) {
    const WindowAxis *a = &c->window.axes[i];
    if (a->stride != 1 || a->pad_begin != 0 || a->pad_end != 0) return false;
  }
  return true;
}

bool conv_panels_fit(const ConvCase *c) {
  Plane plane;
  return panel_product_runs() && c->out_pixels > 0 && (is_direct(c) || plane_sizes(c, 1, &plane));
}

/* The rows of a kernel of one tap follow one another. */
static void source_of_input(const ConvCase *c, int64_t *offsets, PanelSource *b) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t k = 0, t = 0; k < high->kernel; k++)
    for (int64_t l = 0; l < wide->kernel; l++)
      offsets[t++] = k * high->dilation * wide->in + l * wide->dilation;
  b->channel_step = c->in_pixels;
  b->width = c->taps == 1 ? c->out_pixels : wide->out;
  b->row_step = wide->in;
}

static Status prepare(Run *run, const ConvCase *c, Plane *plane, PanelSource *b) {
  int64_t *offsets = run_scratch(run, (size_t)c->taps * sizeof *offsets);
  if (offsets == NULL) return fail_memory(run->err);
  *b = (PanelSource){.taps = c->taps, .offsets = offsets};
  *plane = (Plane){.offsets = offsets};
  if (is_direct(c)) {
    source_of_input(c, offsets, b);
    return OK;
  }
  plane_sizes(c, 1, plane);
  plane_offsets(c, plane);
  b->channel_step = plane_floats(plane);
  b->width = c->window.axes[2].out;
  b->row_step = plane_row_step(c, plane);
  plane->data = floats_new(run, c->group_in * b->channel_step);
  if (plane->data == NULL) return fail_memory(run->err);
  memset(plane->data, 0, (size_t)(c->group_in * b->channel_step) * sizeof *plane->data);
  return OK;
}

/* Points the source to the channels of a group that begin at `x`. */
static void point_to(const ConvCase *c, const Plane *plane, const float *x, PanelSource *b) {
  b->data = x;
  b->end = x + c->group_in * c->in_pixels;
  if (plane->data == NULL) return;
  Plane one = *plane;
  for (int64_t i = 0; i < c->group_in; i++, one.data += b->channel_step)
    plane_fill(c, &one, x + i * c->in_pixels);
  b->data = plane->data;
  b->end = one.data;
}

Status conv_panels(Run *run, const ConvCase *c) {
  const float *x = run->in[0]->data, *weight = run->in[1]->data;
  const Tensor *bias = run_input(run, 2);
  float *out = run->out[0]->data;
  int64_t depth = c->group_in * c->taps;
  Plane plane;
  PanelProduct product = {.m = c->group_out,
                          .n = c->out_pixels,
                          .k = depth,
                          .a_stride = depth,
                          .low = -INFINITY,
                          .high = INFINITY,
                          .c_stride = c->out_pixels,
                          .panels = floats_new(run, PANEL_FLOATS)};
  if (product.panels == NULL) return fail_memory(run->err);
  TRY(prepare(run, c, &plane, &product.b));
  for (int64_t i = 0; i < c->batch * c->group; i++) {
    int64_t o = i % c->group * c->group_out;
    point_to(c, &plane, x + i * c->group_in * c->in_pixels, &product.b);
    product.a = weight + o * depth;
    product.start = bias == NULL ? NULL : (const float *)bias->data + o;
    product.c = out + i * c->group_out * c->out_pixels;
    panel_product(&product);
  }
  return OK;
}
