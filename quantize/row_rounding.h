/*
 * row_rounding.h - rounding one row of weights so that the error of its sums is least, not that of each
 * weight. Inside quantize/.
 *
 * With inputs x of second moments H the squared error of a row is (w - q)^T H (w - q). Weights are rounded
 * one after the other, each to where it makes up best for the errors of those before it. In the order from
 * the last to the first this needs only the Cholesky factor of H.
 */
#ifndef QUANTIZE_ROW_ROUNDING_H
#define QUANTIZE_ROW_ROUNDING_H

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

/* A row at work: its weights and codes in the order of the metric. */
typedef struct Row {
  const RowMetric *metric;
  double *weights, *codes;
  double *room; /* depth numbers */
  double scale, limit;
} Row;

/* `memory` is for 3 * depth numbers. */
Row row_begin(const RowMetric *metric, const double *weights, double limit, double *memory);
/* Each code rounds its weight to the nearest multiple of the scale. Both return the squared error. */
double row_nearest(Row *row, double scale);
/* Rounds one weight after the other. */
double row_in_turn(Row *row, double scale);
/* The scale near `scale`, not below `least`, with which the error of rounding in turn is least. */
double row_best_scale(Row *row, double scale, double least);
/* Takes codes, in the order of the weights, as they are. */
void row_take(Row *row, double scale, const double *codes);
/* Then moves each code to where it is best with all others as they are, until none moves. */
void row_polish(Row *row);
/* The squared error with the codes as they are. */
double row_error(const Row *row);
/* Codes in the order of the weights. */
void row_end(const Row *row, double *codes);

/* Solves H x = b; `b` [depth] in the order of the weights becomes x. `room` is for depth numbers. */
void row_metric_solve(const RowMetric *metric, double *b, double *room);

#endif
