/*
 * words.h - elements of 1, 2, 4 or 8 bytes of whatever type, as instructions that only move data see them.
 */
#ifndef RUNTIME_KERNELS_PLAIN_WORDS_H
#define RUNTIME_KERNELS_PLAIN_WORDS_H

#include "runtime/freestanding.h"
#include "runtime/kernels/plain/nest.h"

/* Integers that may stand for an object of another type. */
typedef uint8_t EdgeWord1;
typedef uint16_t __attribute__((may_alias)) EdgeWord2;
typedef uint32_t __attribute__((may_alias)) EdgeWord4;
typedef uint64_t __attribute__((may_alias)) EdgeWord8;

/* One statement for elements of `size` bytes: EDGE_BY_SIZE(size, MACRO) with MACRO(type) a loop. */
#define EDGE_BY_SIZE(size, macro)                                                                            \
  do {                                                                                                       \
    if ((size) == 1) {                                                                                       \
      macro(EdgeWord1)                                                                                       \
    } else if ((size) == 2) {                                                                                \
      macro(EdgeWord2)                                                                                       \
    } else if ((size) == 4) {                                                                                \
      macro(EdgeWord4)                                                                                       \
    } else {                                                                                                 \
      macro(EdgeWord8)                                                                                       \
    }                                                                                                        \
  } while (0)

/* A file may let x and y overlap: what comes out then is its own affair, but memcpy must not see it. */
static inline void edge_move(uint8_t *y, const uint8_t *x, size_t bytes) {
  if (y + bytes <= x || x + bytes <= y)
    memcpy(y, x, bytes);
  else
    for (size_t i = 0; i < bytes; i++) y[i] = x[i];
}

#endif
