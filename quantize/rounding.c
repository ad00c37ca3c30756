#include "quantize/rounding.h"

#include "quantize/cholesky.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAMPING 0.01 /* of the mean moment, added to each: keeps weights of unseen inputs near */
#define SWEEPS 4     /* of changing one code at a time afterwards */

/* ---- the metric ---- */

typedef struct Ranked {
  double moment;
  int64_t weight;
} Ranked;

static int by_moment(const void *a, const void *b) {
  const Ranked *left = a, *right = b;
  if (left->moment != right->moment) return left->moment < right->moment ? -1 : 1;
  return left->weight < right->weight ? -1 : 1;
}

static Status rank_weights(RowMetric *metric, const double *moments, Arena *arena, Error *err) {
  int64_t n = metric->depth;
  Ranked *ranked = malloc((size_t)n * sizeof *ranked);
  if (ranked == NULL) return fail_memory(err);
  for (int64_t i = 0; i < n; i++) ranked[i] = (Ranked){moments[i * n + i], i};
  qsort(ranked, (size_t)n, sizeof *ranked, by_moment);
  metric->order = arena_new(arena, (size_t)n, sizeof *metric->order, err);
  for (int64_t i = 0; metric->order != NULL && i < n; i++) metric->order[i] = ranked[i].weight;
  free(ranked);
  return metric->order == NULL ? err->status : OK;
}

Status row_metric_make(RowMetric *metric, const double *moments, int64_t depth, Arena *arena, Error *err) {
  *metric = (RowMetric){.depth = depth};
  TRY(rank_weights(metric, moments, arena, err));
  metric->moments = arena_new(arena, (size_t)(depth * depth), sizeof(double), err);
  metric->factor = arena_new(arena, (size_t)(depth * depth), sizeof(double), err);
  if (metric->moments == NULL || metric->factor == NULL) return err->status;
  double trace = 0;
  for (int64_t i = 0; i < depth; i++) trace += moments[i * depth + i];
  for (int64_t i = 0; i < depth; i++) {
    for (int64_t j = 0; j < depth; j++)
      metric->moments[i * depth + j] = moments[metric->order[i] * depth + metric->order[j]];
    metric->moments[i * depth + i] += DAMPING * trace / (double)depth;
  }
  memcpy(metric->factor, metric->moments, (size_t)(depth * depth) * sizeof(double));
  metric->is_usable = trace > 0 && cholesky(metric->factor, depth);
  return OK;
}

/* ---- one row ---- */

static double nearest(double weight, double scale, double limit) {
  return fmin(fmax(rint(weight / scale), -limit), limit);
}

/* From the last weight to the first: the error of the products L^T (w - q) that each can still change is made
   least. `shift` collects what later errors ask of earlier weights. */
static void round_in_turn(const RowMetric *metric, const double *w, double scale, double limit, double *q,
                          double *shift) {
  int64_t n = metric->depth;
  memset(shift, 0, (size_t)n * sizeof *shift);
  for (int64_t k = n - 1; k >= 0; k--) {
    const double *row = metric->factor + k * n;
    q[k] = nearest(w[k] + shift[k] / row[k], scale, limit);
    double error = w[k] - scale * q[k];
    for (int64_t j = 0; j < k; j++) shift[j] += row[j] * error;
  }
}

/* gradient = H (w - q); returns (w - q)^T H (w - q). */
static double error_of(const RowMetric *metric, const double *w, const double *q, double scale,
                       double *gradient) {
  int64_t n = metric->depth;
  double total = 0;
  memset(gradient, 0, (size_t)n * sizeof *gradient);
  for (int64_t i = 0; i < n; i++) {
    double error = w[i] - scale * q[i];
    for (int64_t j = 0; j < n; j++) gradient[j] += metric->moments[i * n + j] * error;
  }
  for (int64_t i = 0; i < n; i++) total += gradient[i] * (w[i] - scale * q[i]);
  return total;
}

/* Moves each code to where it is best with all others as they are, until none moves. */
static double polish(const RowMetric *metric, const double *w, double scale, double limit, double *q,
                     double *gradient) {
  int64_t n = metric->depth;
  double total = error_of(metric, w, q, scale, gradient);
  bool moved = true;
  for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
    moved = false;
    for (int64_t k = 0; k < n; k++) {
      double curvature = metric->moments[k * n + k];
      double code = nearest(scale * q[k] + gradient[k] / curvature, scale, limit);
      double step = scale * (code - q[k]); /* the error at k falls by this */
      double gain = step * (2 * gradient[k] - step * curvature);
      if (!(gain > 1e-12 * total)) continue;
      for (int64_t j = 0; j < n; j++) gradient[j] -= metric->moments[k * n + j] * step;
      total -= gain;
      q[k] = code;
      moved = true;
    }
  }
  return error_of(metric, w, q, scale, gradient);
}

double round_row(const RowMetric *metric, const double *weights, double scale, double limit, double *codes,
                 double *room) {
  int64_t n = metric->depth;
  double *w = room, *q = room + n, *shift = room + 2 * n;
  for (int64_t i = 0; i < n; i++) w[i] = weights[metric->order[i]];
  round_in_turn(metric, w, scale, limit, q, shift);
  double turned = polish(metric, w, scale, limit, q, shift);
  for (int64_t i = 0; i < n; i++) codes[metric->order[i]] = q[i];
  for (int64_t i = 0; i < n; i++) q[i] = nearest(w[i], scale, limit);
  if (error_of(metric, w, q, scale, shift) > turned) return turned;
  double plain = polish(metric, w, scale, limit, q, shift);
  for (int64_t i = 0; i < n; i++) codes[metric->order[i]] = q[i];
  return plain;
}
