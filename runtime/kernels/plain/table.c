/* TABLE: a look-up that stands for any function of one tensor: 256 results of int8, or 513 results of int16
   with straight lines between them, or 515 with parabolas. */
#include "runtime/kernel.h"
#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

#define NODES 513        /* of a function of int16: one every 128 codes */
#define CURVED_NODES 515 /* one more at each end, for the bend of the first and the last part */

static int is_node_list(const EdgeArg *table) {
  return edge_is_s16(table) && (edge_has_elements(table, NODES) || edge_has_elements(table, CURVED_NODES));
}

static EdgeStatus check(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *table = &call->in[1], *y = &call->out[0];
  if (!edge_is_indexable(x) || !edge_has_elements(y, x->info->elements)) return EDGE_MALFORMED;
  if (!edge_is_s8(y) && !edge_is_s16(y)) return EDGE_MALFORMED;
  if (edge_is_s16(x)) return is_node_list(table) ? EDGE_OK : EDGE_MALFORMED;
  if (!edge_is_s8(x) || !edge_has_elements(table, 256)) return EDGE_MALFORMED;
  return edge_is_type(table, (EdgeType)y->info->type) ? EDGE_OK : EDGE_MALFORMED;
}

/* 128 times the value between the nodes `at` 0 and 1, `rest` 128ths of the way. */
static inline int32_t line(const int16_t *at, int32_t rest) {
  return at[0] * (128 - rest) + at[1] * rest;
}

static inline int32_t straight(const int16_t *table, int32_t x) {
  int32_t from_first = x - INT16_MIN;
  return (line(table + (from_first >> 7), from_first & 127) + 64) >> 7;
}

/* Bessel's formula to the second difference. Below 2^30 + 2^28. */
static inline int32_t curved(const int16_t *table, int32_t x) {
  int32_t from_first = x - INT16_MIN, rest = from_first & 127;
  const int16_t *at = table + (from_first >> 7);
  int32_t bend = at[3] - at[2] - at[1] + at[0];
  return (line(at + 1, rest) * 256 - ((rest * (128 - rest) * bend) >> 1) + (1 << 14)) >> 15;
}

static inline int32_t clamped(int32_t code, int32_t low, int32_t high) {
  return code < low ? low : code > high ? high : code;
}

/* Results for int8 are in 256ths of a code. */
EDGE_INLINE void run_wide(const int16_t *x, const int16_t *table, int is_curved, const EdgeArg *y) {
  ptrdiff_t count = (ptrdiff_t)y->info->elements;
  if (y->info->type == EDGE_S16) {
    int16_t *to = y->data;
    for (ptrdiff_t i = 0; i < count; i++)
      to[i] = (int16_t)clamped(is_curved ? curved(table, x[i]) : straight(table, x[i]), INT16_MIN, INT16_MAX);
  } else {
    int8_t *to = y->data;
    for (ptrdiff_t i = 0; i < count; i++) {
      int32_t fine = is_curved ? curved(table, x[i]) : straight(table, x[i]);
      to[i] = (int8_t)clamped((fine + 128) >> 8, INT8_MIN, INT8_MAX);
    }
  }
}

static EdgeStatus run(const EdgeCall *call) {
  const int8_t *x = call->in[0].data;
  ptrdiff_t count = (ptrdiff_t)call->out[0].info->elements;
  if (edge_is_s16(&call->in[0])) {
    if (call->in[1].info->elements == CURVED_NODES)
      run_wide(call->in[0].data, call->in[1].data, 1, &call->out[0]);
    else
      run_wide(call->in[0].data, call->in[1].data, 0, &call->out[0]);
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
