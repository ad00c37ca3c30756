/*
 * binary.h - what ADD, MUL, MAXIMUM and MINIMUM share: the check, the loops, the optional table. Each of them
 * gives one function: the real value of a pair in units of y's scale, from which the code is rounded.
 */
#ifndef RUNTIME_KERNELS_PLAIN_BINARY_H
#define RUNTIME_KERNELS_PLAIN_BINARY_H

#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

typedef struct EdgeBinaryTerms {
  int32_t a_zero_point, b_zero_point;
  float a_mult, b_mult;
  EdgeCodes codes;
} EdgeBinaryTerms;

/* a and b are codes less their zero points: whole numbers below 2^17, exact in float32. */
typedef float (*EdgeBinaryValue)(float a, float b, EdgeBinaryTerms terms);

static inline int edge_is_binary_table(const EdgeCall *call) {
  const EdgeArg *table = &call->in[2];
  return table->info == NULL ||
         (edge_is_s8(table) && edge_has_elements(table, 256) && edge_is_s8(&call->out[0]));
}

static inline int edge_is_binary_clamp(const EdgeBinaryParams *p, const EdgeTensor *y) {
  return edge_is_sane_clamp(p->act_min, p->act_max, (EdgeType)y->type) &&
         edge_is_code(p->pre_zero_point, (EdgeType)y->type) && edge_is_sane_factor(p->a_mult) &&
         edge_is_sane_factor(p->b_mult);
}

static inline EdgeStatus edge_binary_check(const EdgeCall *call) {
  const EdgeBinaryParams *p = call->params;
  const EdgeArg *a = &call->in[0], *b = &call->in[1], *y = &call->out[0];
  if (!edge_is_quantized(a) || !edge_is_quantized(b) || !edge_is_quantized(y)) return EDGE_MALFORMED;
  if (!edge_has_elements(y, edge_dims_product(p->rank, p->dims))) return EDGE_MALFORMED;
  if (!edge_is_operand_within(a, p->rank, p->dims, p->a_stride)) return EDGE_MALFORMED;
  if (!edge_is_operand_within(b, p->rank, p->dims, p->b_stride)) return EDGE_MALFORMED;
  if (!edge_is_binary_table(call) || !edge_is_binary_clamp(p, y->info)) return EDGE_MALFORMED;
  return EDGE_OK;
}

EDGE_INLINE void edge_binary_loop(EdgeBinaryValue value, EdgeBinaryTerms t, int is_s16, void *y,
                                  const int8_t *a, ptrdiff_t a_step, const int8_t *b, ptrdiff_t b_step,
                                  int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    float u = (float)(a[i * a_step] - t.a_zero_point), v = (float)(b[i * b_step] - t.b_zero_point);
    int32_t code = edge_code(value(u, v, t), t.codes);
    if (is_s16)
      ((int16_t *)y)[i] = (int16_t)code;
    else
      ((int8_t *)y)[i] = (int8_t)code;
  }
}

/* The usual steps as constants, so that those loops become vector code. */
EDGE_INLINE void edge_binary_run_of(EdgeBinaryValue value, EdgeBinaryTerms t, int is_s16, void *y,
                                    const int8_t *a, const int8_t *b, const EdgeNest *nest) {
  ptrdiff_t a_step = nest->step[0], b_step = nest->step[1];
  if (a_step == 1 && b_step == 1)
    edge_binary_loop(value, t, is_s16, y, a, 1, b, 1, nest->run);
  else if (a_step == 1 && b_step == 0)
    edge_binary_loop(value, t, is_s16, y, a, 1, b, 0, nest->run);
  else if (a_step == 0 && b_step == 1)
    edge_binary_loop(value, t, is_s16, y, a, 0, b, 1, nest->run);
  else
    edge_binary_loop(value, t, is_s16, y, a, a_step, b, b_step, nest->run);
}

/* ---- operands of 16 bits ---- */

#define EDGE_BINARY_BLOCK 128 /* elements that are read at a time */

static inline void edge_binary_read(float *to, const EdgeArg *from, ptrdiff_t at, ptrdiff_t step,
                                    int32_t count) {
  int32_t zero_point = from->info->zero_point;
  if (from->info->type == EDGE_S16) {
    const int16_t *x = (const int16_t *)from->data + at;
    for (int32_t i = 0; i < count; i++) to[i] = (float)(x[i * step] - zero_point);
  } else {
    const int8_t *x = (const int8_t *)from->data + at;
    for (int32_t i = 0; i < count; i++) to[i] = (float)(x[i * step] - zero_point);
  }
}

/* One run of which an operand, or both, has 16 bits. */
EDGE_INLINE void edge_binary_run_wide(EdgeBinaryValue value, EdgeBinaryTerms t, const EdgeCall *call,
                                      int is_s16, void *y, const EdgeNest *nest) {
  float a[EDGE_BINARY_BLOCK], b[EDGE_BINARY_BLOCK];
  for (int32_t begin = 0; begin < nest->run; begin += EDGE_BINARY_BLOCK) {
    int32_t left = nest->run - begin, count = left < EDGE_BINARY_BLOCK ? left : EDGE_BINARY_BLOCK;
    edge_binary_read(a, &call->in[0], nest->at[0] + begin * nest->step[0], nest->step[0], count);
    edge_binary_read(b, &call->in[1], nest->at[1] + begin * nest->step[1], nest->step[1], count);
    for (int32_t i = 0; i < count; i++) {
      int32_t code = edge_code(value(a[i], b[i], t), t.codes);
      if (is_s16)
        ((int16_t *)y)[begin + i] = (int16_t)code;
      else
        ((int8_t *)y)[begin + i] = (int8_t)code;
    }
  }
}

/* ---- all ---- */

static inline void edge_apply_table(const int8_t *table, int8_t *y, int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] = table[y[i] + 128];
}

static inline EdgeBinaryTerms edge_binary_terms(const EdgeCall *call) {
  const EdgeBinaryParams *p = call->params;
  EdgeType type = (EdgeType)call->out[0].info->type;
  return (EdgeBinaryTerms){call->in[0].info->zero_point, call->in[1].info->zero_point, p->a_mult, p->b_mult,
                           edge_codes(type, p->act_min, p->act_max, p->pre_zero_point)};
}

EDGE_INLINE EdgeStatus edge_binary_run(EdgeBinaryValue value, const EdgeCall *call) {
  const EdgeBinaryParams *p = call->params;
  const int8_t *a = call->in[0].data, *b = call->in[1].data;
  const int8_t *table = call->in[2].info != NULL ? call->in[2].data : NULL;
  EdgeBinaryTerms t = edge_binary_terms(call);
  EdgeNest nest = edge_nest(p->rank, p->dims, 2, (const int32_t *const[]){p->a_stride, p->b_stride});
  int8_t *y = call->out[0].data;
  int is_s16 = edge_is_type(&call->out[0], EDGE_S16);
  int is_wide = !edge_is_s8(&call->in[0]) || !edge_is_s8(&call->in[1]);
  do {
    if (is_wide)
      edge_binary_run_wide(value, t, call, is_s16, y, &nest);
    else if (is_s16)
      edge_binary_run_of(value, t, 1, y, a + nest.at[0], b + nest.at[1], &nest);
    else
      edge_binary_run_of(value, t, 0, y, a + nest.at[0], b + nest.at[1], &nest);
    if (table != NULL) edge_apply_table(table, y, nest.run);
    y += (ptrdiff_t)nest.run * (is_s16 ? 2 : 1);
  } while (edge_nest_next(&nest));
  return EDGE_OK;
}

#endif
