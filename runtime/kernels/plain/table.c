/* TABLE: a look-up that stands for any function of one tensor: 256 results of int8, or 513 results of int16
   with linear interpolation between them. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/requantize.h"

#define NODES 513    /* of a function of int16: one every 128 codes */
#define NODE_SHIFT 7 /* 2^7 codes from a node to the next */

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *table = &call->in[1], *y = &call->out[0];
  if (!edge_is_indexable(x) || !edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  if (!edge_is_s8(y) && !edge_is_s16(y)) return EDGE_MALFORMED;
  if (edge_is_s16(x)) return edge_is_s16(table) && edge_has_elements(table, NODES) ? EDGE_OK : EDGE_MALFORMED;
  if (!edge_is_s8(x) || !edge_has_elements(table, 256)) return EDGE_MALFORMED;
  return edge_is_type(table, (EdgeType)y->info->type) ? EDGE_OK : EDGE_MALFORMED;
}

/* Between the nodes on both sides of the code. */
static inline int32_t interpolated(const int16_t *table, int32_t x) {
  int32_t at = x - INT16_MIN, node = at >> NODE_SHIFT, rest = at & ((1 << NODE_SHIFT) - 1);
  int32_t sum = table[node] * ((1 << NODE_SHIFT) - rest) + table[node + 1] * rest;
  return (sum + (1 << (NODE_SHIFT - 1))) >> NODE_SHIFT;
}

/* Results for int8 are in 256ths of a code. */
static void run_wide(const int16_t *x, const int16_t *table, const EdgeArg *y) {
  ptrdiff_t count = (ptrdiff_t)y->info->elements;
  if (y->info->type == EDGE_S16) {
    int16_t *to = y->data;
    for (ptrdiff_t i = 0; i < count; i++) to[i] = (int16_t)interpolated(table, x[i]);
    return;
  }
  int8_t *to = y->data;
  for (ptrdiff_t i = 0; i < count; i++) {
    int32_t code = (interpolated(table, x[i]) + 128) >> 8;
    to[i] = (int8_t)(code > INT8_MAX ? INT8_MAX : code);
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const int8_t *x = call->in[0].data;
  ptrdiff_t count = (ptrdiff_t)call->out[0].info->elements;
  if (edge_is_s16(&call->in[0])) {
    run_wide(call->in[0].data, call->in[1].data, &call->out[0]);
  } else if (edge_is_s16(&call->out[0])) {
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
