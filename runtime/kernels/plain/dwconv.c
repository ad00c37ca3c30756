/* DWCONV: depthwise convolution, each input channel on its own. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/dwconv_wide.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *w = &call->in[1];
  if (!edge_is_sane_integer_conv(call)) return EDGE_MALFORMED;
  if (p->groups != (int32_t)call->in[0].info->dims[3]) return EDGE_MALFORMED;
  if (!edge_is_weight(w)) return EDGE_MALFORMED;
  if (!edge_is_indexable(w) || w->info->rank != 3) return EDGE_MALFORMED;
  return w->info->dims[2] == call->out[0].info->dims[3] ? EDGE_OK : EDGE_MALFORMED;
}

static uint32_t scratch(const EdgeCall *call) {
  return edge_is_s4(&call->in[1]) ? call->in[1].info->elements : 0;
}

static EdgeStatus run(const EdgeCall *call) {
  if (edge_is_s16(&call->in[0])) return edge_dwconv_run_wide(call);
  return edge_dwconv_run(edge_dwconv_sums, edge_conv_store, call);
}

const EdgeKernel edge_plain_dwconv = {.check = check, .run = run, .scratch = scratch};
