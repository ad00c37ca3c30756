/*
 * nibbles.h - int4 elements, two's complement, two a byte: the first one in the low half.
 */
#ifndef RUNTIME_KERNELS_PLAIN_NIBBLES_H
#define RUNTIME_KERNELS_PLAIN_NIBBLES_H

#include "runtime/kernels/plain/checks.h"

static inline int8_t edge_low_s4(uint8_t pair) {
  return (int8_t)(((pair & 15) ^ 8) - 8);
}

static inline int8_t edge_high_s4(uint8_t pair) {
  return (int8_t)(((pair >> 4) ^ 8) - 8);
}

/* Elements first..first+count-1 as int8. */
static inline void edge_unpack_s4(int8_t *to, const uint8_t *pairs, size_t first, size_t count) {
  size_t i = 0;
  pairs += first / 2;
  if (first % 2 == 1 && count > 0) to[i++] = edge_high_s4(*pairs++);
  for (; i + 2 <= count; i += 2, pairs++) {
    to[i] = edge_low_s4(*pairs);
    to[i + 1] = edge_high_s4(*pairs);
  }
  if (i < count) to[i] = edge_low_s4(*pairs);
}

/* Constant weights of a convolution: int8 or int4. */
static inline int edge_is_weight(const EdgeArg *arg) {
  return (edge_is_s8(arg) || edge_is_s4(arg)) && edge_is_constant(arg);
}

#endif
