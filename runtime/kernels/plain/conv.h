/*
 * conv.h - what the convolutions share: check, shape, and how sums become results.
 */
#ifndef RUNTIME_KERNELS_PLAIN_CONV_H
#define RUNTIME_KERNELS_PLAIN_CONV_H

#include "runtime/kernels/plain/nest.h"
#include "runtime/kernels/plain/requantize.h"

#define EDGE_CONV_MAX_DEPTH (1 << 24) /* keeps the scratch small; format limit */

typedef struct EdgeConvShape {
  int32_t batches, height, width, channels, out_height, out_width, outputs, kernel_h, kernel_w;
  int32_t group_channels, group_outputs;
  int32_t depth;      /* products in one output: kernel_h * kernel_w * group_channels */
  int32_t row_length; /* depth rounded up to 16 */
  int32_t runs;       /* of weights that share a factor; 1 where there are no factors */
  int32_t x_bytes;    /* of an element of x */
} EdgeConvShape;

/* ---- check ---- */

/* Stride, dilation and padding; groups must divide both channel counts. */
static inline int edge_is_sane_conv(const EdgeConvParams *p, const uint32_t *x, const uint32_t *y) {
  return p->stride_h >= 1 && p->stride_w >= 1 && p->dilation_h >= 1 && p->dilation_w >= 1 &&
         p->pad_top >= 0 && p->pad_left >= 0 && p->groups >= 1 && x[3] % (uint32_t)p->groups == 0 &&
         y[3] % (uint32_t)p->groups == 0 && x[0] == y[0];
}

static inline int edge_has_rank_4(const EdgeArg *arg) {
  return edge_is_indexable(arg) && arg->info->rank == 4;
}

static inline int edge_has_dims(const EdgeArg *arg, uint32_t d0, uint32_t d3) {
  return edge_has_rank_4(arg) && arg->info->dims[0] == d0 && arg->info->dims[3] == d3;
}

/* One finite factor an output. */
static inline int edge_is_factor_list(const EdgeArg *arg, uint32_t count) {
  if (!edge_is_f32(arg) || !edge_has_elements(arg, count) || !edge_is_constant(arg)) return 0;
  const float *factor = arg->data;
  for (uint32_t i = 0; i < count; i++)
    if (!edge_is_sane_factor(factor[i])) return 0;
  return 1;
}

/* y, the optional table and the clamp before it. */
static inline int edge_is_conv_result(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *table = &call->in[4], *y = &call->out[0];
  if (edge_is_f32(y)) return table->info == NULL;
  if (!edge_is_quantized(y)) return 0;
  EdgeType type = (EdgeType)y->info->type;
  if (table->info != NULL && !(edge_is_s8(y) && edge_is_s8(table) && edge_has_elements(table, 256))) return 0;
  return edge_is_sane_clamp(p->act_min, p->act_max, type) && edge_is_code(p->pre_zero_point, type);
}

/* One constant an output: int64 where x is int16. */
static inline int edge_is_conv_bias(const EdgeCall *call, uint32_t outputs) {
  const EdgeArg *bias = &call->in[2];
  return edge_is_type(bias, edge_is_s16(&call->in[0]) ? EDGE_S64 : EDGE_S32) &&
         edge_has_elements(bias, outputs) && edge_is_constant(bias);
}

/* x, bias, mult, y: all but the weights. */
static inline int edge_is_sane_integer_conv(const EdgeCall *call) {
  const EdgeArg *x = &call->in[0], *y = &call->out[0];
  if (!edge_is_quantized(x) || !edge_has_rank_4(x) || !edge_has_rank_4(y)) return 0;
  if (!edge_is_sane_conv(call->params, x->info->dims, y->info->dims)) return 0;
  uint32_t outputs = y->info->dims[3];
  return edge_is_conv_bias(call, outputs) && edge_is_factor_list(&call->in[3], outputs) &&
         edge_is_conv_result(call);
}

#define EDGE_CONV_RUN 16 /* weights that share a factor are a multiple of these */

/* Factors [rows,G] of weights with so many rows: none, or a row is G times a multiple of EDGE_CONV_RUN. */
static inline int edge_is_run_factors(const EdgeArg *factors, const EdgeArg *w, uint32_t rows) {
  if (factors->info == NULL) return 1;
  if (!edge_is_type(factors, EDGE_U8) || !edge_is_constant(factors) || !edge_is_indexable(factors)) return 0;
  if (factors->info->rank != 2 || factors->info->dims[0] != rows) return 0;
  return w->info->elements / rows % ((uint64_t)factors->info->dims[1] * EDGE_CONV_RUN) == 0;
}

/* Factors of CONV's weights: none, or for int4 weights. */
static inline int edge_has_sane_factors(const EdgeCall *call) {
  const EdgeArg *w = &call->in[1], *factors = &call->in[5];
  return factors->info == NULL || (edge_is_s4(w) && edge_is_run_factors(factors, w, w->info->dims[0]));
}

/* Weights [O,KH,KW,C/groups] that fit x and y. */
static inline int edge_has_conv_weights(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  const EdgeArg *w = &call->in[1];
  uint32_t group_channels = call->in[0].info->dims[3] / (uint32_t)p->groups;
  uint32_t outputs = call->out[0].info->dims[3];
  return edge_has_dims(w, outputs, group_channels) && w->info->elements / outputs <= EDGE_CONV_MAX_DEPTH;
}

/* ---- shape ---- */

/* With a kernel of that size. */
static inline EdgeConvShape edge_conv_shape_of(const EdgeCall *call, uint32_t kernel_h, uint32_t kernel_w) {
  const EdgeConvParams *p = call->params;
  const uint32_t *x = call->in[0].info->dims, *y = call->out[0].info->dims;
  EdgeConvShape s = {.batches = (int32_t)x[0],
                     .height = (int32_t)x[1],
                     .width = (int32_t)x[2],
                     .channels = (int32_t)x[3],
                     .out_height = (int32_t)y[1],
                     .out_width = (int32_t)y[2],
                     .outputs = (int32_t)y[3],
                     .kernel_h = (int32_t)kernel_h,
                     .kernel_w = (int32_t)kernel_w};
  s.group_channels = s.channels / p->groups;
  s.group_outputs = s.outputs / p->groups;
  s.depth = s.kernel_h * s.kernel_w * s.group_channels;
  s.row_length = (s.depth + 15) / 16 * 16;
  s.x_bytes = (int32_t)edge_element_bytes(call->in[0].info);
  s.runs = call->in[5].info != NULL ? (int32_t)call->in[5].info->dims[1] : 1;
  return s;
}

/* Of CONV and CONV_F32, weights [O,KH,KW,C/groups]. */
static inline EdgeConvShape edge_conv_shape(const EdgeCall *call) {
  return edge_conv_shape_of(call, call->in[1].info->dims[1], call->in[1].info->dims[2]);
}

/* ---- sums to results ---- */

typedef struct EdgeConvResult {
  const int32_t *bias;
  const int64_t *wide_bias; /* instead, where x is int16 */
  const float *mult;
  const int8_t *table; /* or NULL */
  EdgeCodes codes;
  EdgeArg y;
} EdgeConvResult;

static inline EdgeConvResult edge_conv_result(const EdgeCall *call) {
  const EdgeConvParams *p = call->params;
  EdgeConvResult r = {.bias = call->in[2].data,
                      .wide_bias = call->in[2].data,
                      .mult = call->in[3].data,
                      .table = call->in[4].info != NULL ? call->in[4].data : NULL,
                      .y = call->out[0]};
  if (r.y.info->type != EDGE_F32)
    r.codes = edge_codes((EdgeType)r.y.info->type, p->act_min, p->act_max, p->pre_zero_point);
  return r;
}

/* bias + sum, wrapping around as all of the accumulation does. */
static inline float edge_conv_value(const EdgeConvResult *r, int32_t output, int32_t sum) {
  return (float)(int32_t)((uint32_t)r->bias[output] + (uint32_t)sum) * r->mult[output];
}

/* Stores `count` neighbouring outputs from `first` on at y[at...]. */
static inline void edge_conv_store(const EdgeConvResult *r, ptrdiff_t at, int32_t first, const int32_t *sum,
                                   int32_t count) {
  if (r->y.info->type == EDGE_F32) {
    float *y = (float *)r->y.data + at;
    for (int32_t i = 0; i < count; i++) y[i] = edge_conv_value(r, first + i, sum[i]);
  } else if (r->y.info->type == EDGE_S16) {
    int16_t *y = (int16_t *)r->y.data + at;
    for (int32_t i = 0; i < count; i++)
      y[i] = (int16_t)edge_code(edge_conv_value(r, first + i, sum[i]), r->codes);
  } else {
    int8_t *y = (int8_t *)r->y.data + at;
    for (int32_t i = 0; i < count; i++)
      y[i] = (int8_t)edge_code(edge_conv_value(r, first + i, sum[i]), r->codes);
    for (int32_t i = 0; r->table != NULL && i < count; i++) y[i] = r->table[y[i] + 128];
  }
}

/* The same of sums in 64 bits, where x is int16. */
static inline float edge_conv_wide_value(const EdgeConvResult *r, int32_t output, int64_t sum) {
  return (float)(int64_t)((uint64_t)r->wide_bias[output] + (uint64_t)sum) * r->mult[output];
}

static inline void edge_conv_store_wide(const EdgeConvResult *r, ptrdiff_t at, int32_t first,
                                        const int64_t *sum, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    float value = edge_conv_wide_value(r, first + i, sum[i]);
    if (r->y.info->type == EDGE_F32) {
      ((float *)r->y.data)[at + i] = value;
      continue;
    }
    int32_t code = edge_code(value, r->codes);
    edge_store_code(&r->y, at + i, r->table != NULL ? r->table[code + 128] : code);
  }
}

#endif
