/*
 * rounding.h - rounding one row of weights so that the error of its sums is least, not that of each weight.
 * Inside quantize/.
 *
 * With inputs x of second moments H the squared error of a row is (w - q)^T H (w - q). Weights are rounded
 * one after the other, each to where it makes up best for the errors of those before it. In the order from
 * the last to the first this needs only the Cholesky factor of H.
 */
#ifndef QUANTIZE_ROUNDING_H
#define QUANTIZE_ROUNDING_H

#include "base/base.h"

/* H of one group of rows. */
typedef struct RowMetric {
  int64_t depth;
  double *moments; /* H [depth][depth], damped, in the order of `order` */
  double *factor;  /* L of H = L L^T, lower triangle */
  int64_t *order;  /* weight at each place: that with the largest moment comes last and is rounded first */
  bool is_usable;
} RowMetric;

/* `moments` [depth][depth] is read; `metric` gets its memory from `arena`. */
Status row_metric_make(RowMetric *metric, const double *moments, int64_t depth, Arena *arena, Error *err);

/* Rounds `weights` [depth] to multiples of `scale` of at most `limit` times it. `codes` gets them, in the
   order of the weights; `room` is for 3 * depth numbers. Returns the squared error; never more than that of
   rounding each weight to the nearest, which is where it starts over if need be. */
double round_row(const RowMetric *metric, const double *weights, double scale, double limit, double *codes,
                 double *room);

#endif
