/* gather_index.h - indices of GATHER and GATHER_CODED. */
#ifndef RUNTIME_KERNELS_PLAIN_GATHER_INDEX_H
#define RUNTIME_KERNELS_PLAIN_GATHER_INDEX_H

#include "runtime/kernels/plain/checks.h"

static inline int edge_is_index_list(const EdgeArg *indices) {
  return edge_is_indexable(indices) && (edge_is_type(indices, EDGE_S32) || edge_is_type(indices, EDGE_S64));
}

/* Index i as a row of the axis, or -1 where it is outside. */
static inline ptrdiff_t edge_row_of(const EdgeArg *indices, ptrdiff_t i, int32_t axis) {
  int64_t row = indices->info->type == EDGE_S32 ? ((const int32_t *)indices->data)[i]
                                                : ((const int64_t *)indices->data)[i];
  if (row < -(int64_t)axis || row >= axis) return -1;
  return (ptrdiff_t)(row < 0 ? row + axis : row);
}

#endif
