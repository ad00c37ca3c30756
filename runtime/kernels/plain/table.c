/* TABLE: a 256-entry table look-up, which stands for any function of one int8 tensor. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/checks.h"

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *table = &call->in[1], *y = &call->out[0];
  if (!edge_is_s8(x) || !edge_is_indexable(x) || !edge_has_elements(table, 256)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  if (!edge_is_s8(y) && !edge_is_type(y, EDGE_S16)) return EDGE_MALFORMED;
  return edge_is_type(table, (EdgeType)y->info->type) ? EDGE_OK : EDGE_MALFORMED;
}

static EdgeStatus run(const EdgeCall *call) {
  const int8_t *x = call->in[0].data;
  ptrdiff_t count = (ptrdiff_t)call->out[0].info->elements;
  if (call->out[0].info->type == EDGE_S16) {
    const int16_t *table = call->in[1].data;
    int16_t *y = call->out[0].data;
    for (ptrdiff_t i = 0; i < count; i++) y[i] = table[x[i] + 128];
  } else {
    const int8_t *table = call->in[1].data;
    int8_t *y = call->out[0].data;
    for (ptrdiff_t i = 0; i < count; i++) y[i] = table[x[i] + 128];
  }
  return EDGE_OK;
}

const EdgeKernel edge_plain_table = {.check = check, .run = run};
