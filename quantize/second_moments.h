/*
 * second_moments.h - how the inputs of a layer's rows vary together: what decides which rounding errors of
 * its weights cancel. Inside quantize/.
 *
 * Inputs are counted in codes (less the zero point), at some of the positions that the layer's window takes.
 * Sums of their products are whole numbers that a double holds exactly, so they do not depend on the order in
 * which threads add them. What is no whole number is first rounded to 1/256.
 */
#ifndef QUANTIZE_SECOND_MOMENTS_H
#define QUANTIZE_SECOND_MOMENTS_H

#include "quantize/simulate.h"

typedef struct SecondMoments {
  int64_t depth, groups;
  double *products;  /* [groups][depth][depth]: sums of x_i x_j */
  double *sums;      /* [groups][depth]: sums of x_i */
  int64_t positions; /* that were summed over */
  /* Only of paired moments: what the real input has beyond x, d = real - x. */
  double *cross;  /* [groups][depth][depth]: sums of d_i x_j */
  double *shifts; /* [groups][depth]: sums of d_i */
} SecondMoments;

/* Moments of layers first..first+count-1 into moments[0..count-1], whose memory comes from `arena`. Layers
   that have no rows or are too deep get groups = 0. Activations are rounded, weights are the real ones. */
Status second_moments(SecondMoments *moments, Simulator *simulator, const Layers *layers, int first,
                      int count, int64_t from, int64_t samples, Arena *arena, Error *err);

/* Moments of the inputs in the graph in codes as it is now, paired with those of the real graph. Every fourth
   sample goes to `judge`, the others to `fit`. */
Status paired_moments(SecondMoments *fit, SecondMoments *judge, Simulator *simulator, const Layers *layers,
                      int first, int count, int64_t from, int64_t samples, Arena *arena, Error *err);

/* Sums become means; with `is_centred` products become covariances: what counts where a bias takes up means.
 */
void second_moments_average(SecondMoments *moments, bool is_centred);

/* Bytes of a layer's moments; 0 where it gets none. */
int64_t second_moments_bytes(const Layer *layer);
int64_t paired_moments_bytes(const Layer *layer);

#endif
