/*
 * importance.h - how much an error in each channel of an activation matters to the products that read it.
 *
 * A product with weights w makes of an error e in input channel c an error of sum over outputs (w * e)^2.
 * With errors of different elements independent, as rounding errors nearly are, channel c therefore counts
 * with the sum of its squared weights. A range that is chosen by the squared error of the tensor itself
 * spends its codes on channels that are large; where the next layer scales those down and others up, as
 * behind a folded BatchNormalization, that is the wrong error to make small. Inside quantize/.
 */
#ifndef QUANTIZE_IMPORTANCE_H
#define QUANTIZE_IMPORTANCE_H

#include "operators/op.h"
#include "quantize/histogram.h"

typedef struct Importance {
  int axis;           /* of the channels */
  int64_t count;      /* of channels */
  uint16_t *channels; /* 1..HISTOGRAM_WEIGHT_MOST, that of the most important one; NULL: all are equal */
} Importance;

/* One for each value of the graph, in `arena`; the empty one where all channels count the same, and for
   constants. It depends on the graph alone, not on what is kept in float, so that a .calib file serves any
   such choice. The graph must be bound and inferred. */
Status importance_of_values(Importance **importance, const Graph *graph, Arena *arena, Error *err);

#endif
