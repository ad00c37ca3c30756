/* shared by the family: where the taps of a convolution read. */
#include "operators/conv/conv_source.h"

#include "operators/panel_product.h"

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
static void read_input(const ConvCase *c, ConvSource *source) {
  const WindowAxis *high = &c->window.axes[1], *wide = &c->window.axes[2];
  for (int64_t k = 0, t = 0; k < high->kernel; k++)
    for (int64_t l = 0; l < wide->kernel; l++)
      source->offsets[t++] = k * high->dilation * wide->in + l * wide->dilation;
  source->channel_step = c->in_pixels;
  source->width = c->taps == 1 ? c->out_pixels : wide->out;
  source->row_step = wide->in;
}

static Status read_planes(Run *run, const ConvCase *c, ConvSource *source) {
  Plane *plane = &source->plane;
  plane->offsets = source->offsets;
  plane_sizes(c, 1, plane);
  plane_offsets(c, plane);
  source->channel_step = plane_floats(plane);
  source->width = c->window.axes[2].out;
  source->row_step = plane_row_step(c, plane);
  plane->data = floats_new(run, c->group_in * source->channel_step);
  if (plane->data == NULL) return fail_memory(run->err);
  memset(plane->data, 0, (size_t)(c->group_in * source->channel_step) * sizeof *plane->data);
  return OK;
}

static void find_places(const ConvCase *c, ConvSource *source) {
  for (int64_t i = 0, d = 0; i < c->group_in; i++)
    for (int64_t t = 0; t < c->taps; t++) source->places[d++] = i * source->channel_step + source->offsets[t];
}

Status conv_source_new(Run *run, const ConvCase *c, ConvSource *source) {
  *source =
      (ConvSource){.offsets = run_scratch(run, (size_t)c->taps * sizeof *source->offsets),
                   .places = run_scratch(run, (size_t)(c->group_in * c->taps) * sizeof *source->places)};
  if (source->offsets == NULL || source->places == NULL) return fail_memory(run->err);
  if (is_direct(c))
    read_input(c, source);
  else
    TRY(read_planes(run, c, source));
  find_places(c, source);
  return OK;
}

void conv_source_fill(const ConvCase *c, const float *x, ConvSource *source) {
  source->data = x;
  source->end = x + c->group_in * c->in_pixels;
  if (source->plane.data == NULL) return;
  Plane one = source->plane;
  for (int64_t i = 0; i < c->group_in; i++, one.data += source->channel_step)
    plane_fill(c, &one, x + i * c->in_pixels);
  source->data = source->plane.data;
  source->end = one.data;
}
