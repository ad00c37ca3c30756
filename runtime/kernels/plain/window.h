/*
 * window.h - which positions of a window lie inside the picture; for convolution and pooling.
 */
#ifndef RUNTIME_KERNELS_PLAIN_WINDOW_H
#define RUNTIME_KERNELS_PLAIN_WINDOW_H

#include <stdint.h>

/* Positions begin..end-1 of the kernel. */
typedef struct EdgeRange {
  int32_t begin, end;
} EdgeRange;

static inline int32_t edge_range_length(EdgeRange range) {
  return range.end - range.begin;
}

/* The k in 0..kernel-1 with 0 <= start + k * dilation < size. */
static inline EdgeRange edge_range_inside(int64_t start, int32_t kernel, int32_t dilation, int64_t size) {
  if (start >= 0 && start + (int64_t)(kernel - 1) * dilation < size) return (EdgeRange){0, kernel};
  int64_t begin = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  int64_t end = start >= size ? 0 : (size - 1 - start) / dilation + 1;
  if (end > kernel) end = kernel;
  if (begin >= end) return (EdgeRange){0, 0};
  return (EdgeRange){(int32_t)begin, (int32_t)end};
}

#endif
