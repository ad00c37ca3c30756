/*
 * element_copy.h - the two ways in which elements move; both know only the size of an element, so every type
 * is served, strings too.
 */
#ifndef OPERATORS_MOVE_ELEMENT_COPY_H
#define OPERATORS_MOVE_ELEMENT_COPY_H

#include "operators/op.h"

#define COPY_MAX_RANK (2 * GRAPH_MAX_RANK)

/* One axis of what is written: how many, and how many elements apart they are in the source (any sign; 0
   repeats one). */
typedef struct CopyAxis {
  int64_t extent, stride;
} CopyAxis;

/* out, dense and row-major over the axes, = in[sum of index * stride]; `size` bytes an element. */
void copy_strided(void *out, const void *in, size_t size, const CopyAxis *axes, int rank);

/* out[i, j, ...] = in[maps[0][i], maps[1][j], ...], or *fill where a map says -1. Both have the same rank and
   type; maps[d] has as many entries as out's dimension d. `fill` may be NULL where no map has a -1. */
void copy_mapped(const Tensor *out, const Tensor *in, int64_t *const maps[GRAPH_MAX_RANK], const void *fill);

/* Room for the maps of an output: maps[d][dim d]. SYSTEM where memory ran out. */
Status copy_new_maps(Run *run, const Shape *out, int64_t *maps[GRAPH_MAX_RANK]);

/* Start of element i. */
static inline void *copy_at(const Tensor *tensor, int64_t i) {
  return (char *)tensor->data + i * (int64_t)element_bytes(tensor->type);
}

#endif
