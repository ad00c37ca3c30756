/*
 * second_moments.h - how the inputs of a layer's rows vary together: what decides which rounding errors of
 * its weights cancel. Inside quantize/.
 *
 * Inputs are counted in codes (less the zero point), at some of the positions that the layer's window takes.
 * Sums of their products are whole numbers that a double holds exactly, so they do not depend on the order in
 * which threads add them.
 */
#ifndef QUANTIZE_SECOND_MOMENTS_H
#define QUANTIZE_SECOND_MOMENTS_H

#include "quantize/simulate.h"

typedef struct SecondMoments {
  int64_t depth, groups;
  double *products;  /* [groups][depth][depth]: sums of x_i x_j */
  double *sums;      /* [groups][depth]: sums of x_i */
  int64_t positions; /* that were summed over */
} SecondMoments;

/* Moments of layers first..first+count-1 into moments[0..count-1], whose memory comes from `arena`. Layers
   that have no rows or are too deep get groups = 0. Activations are rounded, weights are the real ones. */
Status second_moments(SecondMoments *moments, Simulator *simulator, const Layers *layers, int first,
                      int count, int64_t from, int64_t samples, Arena *arena, Error *err);

/* Bytes of a layer's moments; 0 where it gets none. */
int64_t second_moments_bytes(const Layer *layer);

#endif
