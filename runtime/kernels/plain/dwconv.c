/* DWCONV: depthwise convolution, each input channel on its own. */
#include "runtime/kernels/plain/dwconv.h"
#include "runtime/kernel.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *w = &call->in[1];
  if (!edge_is_sane_integer_conv(call)) return EDGE_MALFORMED;
  if (p->groups != (int32_t)call->in[0].info->dims[3]) return EDGE_MALFORMED;
  if (!edge_is_s8(w) || !edge_is_constant(w)) return EDGE_MALFORMED;
  if (!edge_is_indexable(w) || w->info->rank != 3) return EDGE_MALFORMED;
  return w->info->dims[2] == call->out[0].info->dims[3] ? EDGE_OK : EDGE_MALFORMED;
}

/* Outputs and channels correspond one to one: vectors of both. */
static void add_vector(uint32_t *sum, const int8_t *x, const int8_t *w, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum[i] += (uint32_t)((x[i] + 128) * w[i]);
}

/* Several outputs a channel. */
static void add_multiplied(uint32_t *sum, const EdgeDwconvPixel *pixel, int32_t ky, int32_t kx,
                           const int8_t *w, int32_t first, int32_t count) {
  int32_t multiplier = pixel->shape->group_outputs;
  for (int32_t i = 0; i < count; i++)
    sum[i] += (uint32_t)((*edge_dwconv_at(pixel, ky, kx, (first + i) / multiplier) + 128) * w[i]);
}

static void sums(int32_t *result, const EdgeDwconvPixel *pixel, const int8_t *w, int32_t first,
                 int32_t count) {
  const EdgeConvShape *s = pixel->shape;
  uint32_t sum[EDGE_DWCONV_BLOCK] = {0};
  for (int32_t ky = 0; ky < s->kernel_h; ky++)
    for (int32_t kx = 0; kx < s->kernel_w; kx++, w += s->outputs) {
      if (s->group_outputs == 1)
        add_vector(sum, edge_dwconv_at(pixel, ky, kx, first), w, count);
      else
        add_multiplied(sum, pixel, ky, kx, w, first, count);
    }
  for (int32_t i = 0; i < count; i++) result[i] = (int32_t)sum[i];
}

static EdgeStatus run(const EdgeCall *call) {
  return edge_dwconv_run(sums, edge_conv_store, call);
}

const EdgeKernel edge_plain_dwconv = {.check = check, .run = run};
