/*
 * requantize.h - how the integer kernels come from a real value to a code: in a way that gives the same
 * result everywhere, has no undefined case, and that compilers vectorise.
 */
#ifndef RUNTIME_KERNELS_PLAIN_REQUANTIZE_H
#define RUNTIME_KERNELS_PLAIN_REQUANTIZE_H

#include "runtime/kernels/plain/checks.h"

/* The codes from `least` to `most`; the same limits once more as real distances from the zero point. */
typedef struct EdgeCodes {
  int32_t least, most, zero_point;
  float low, high;
} EdgeCodes;

/* The codes of `type` within [act_min, act_max], which edge_is_sane_clamp() has accepted. */
static inline EdgeCodes edge_codes(EdgeType type, int32_t act_min, int32_t act_max, int32_t zero_point) {
  EdgeCodes codes = {edge_type_min(type), edge_type_max(type), zero_point, 0.0f, 0.0f};
  if (act_min > codes.least) codes.least = act_min;
  if (act_max < codes.most) codes.most = act_max;
  codes.low = (float)(codes.least - zero_point);
  codes.high = (float)(codes.most - zero_point);
  return codes;
}

/* The codes of a result without a clamp of its own. */
static inline EdgeCodes edge_codes_of(const EdgeTensor *y) {
  return edge_codes((EdgeType)y->type, INT32_MIN, INT32_MAX, y->zero_point);
}

/* sat(rhe(value) + zero_point). The limits are whole numbers, so clamping before rounding gives the same as
   after it; and then adding 1.5 * 2^23 leaves no bits behind the point: that rounds half to even. A NaN
   gives the lowest code. */
static inline int32_t edge_code(float value, EdgeCodes codes) {
  const float magic = 12582912.0f;
  value = value > codes.low ? value : codes.low;
  value = value < codes.high ? value : codes.high;
  return (int32_t)((value + magic) - magic) + codes.zero_point;
}

/* sat() of something that is a code already. */
static inline int32_t edge_clamp_code(int32_t code, EdgeCodes codes) {
  return code < codes.least ? codes.least : code > codes.most ? codes.most : code;
}

/* Stores the code at y[i] of an int8 or int16 tensor. */
static inline void edge_store_code(const EdgeArg *y, ptrdiff_t i, int32_t code) {
  if (y->info->type == EDGE_S16)
    ((int16_t *)y->data)[i] = (int16_t)code;
  else
    ((int8_t *)y->data)[i] = (int8_t)code;
}

/* The code at x[i] of an int8 or int16 tensor. */
static inline int32_t edge_load_code(const EdgeArg *x, ptrdiff_t i) {
  return x->info->type == EDGE_S16 ? ((const int16_t *)x->data)[i] : ((const int8_t *)x->data)[i];
}

#endif
