#include "quantize/row_rounding.h"

#include "quantize/cholesky.h"
#include "quantize/rounding.h"

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

void row_metric_solve(const RowMetric *metric, double *b, double *room) {
  int64_t n = metric->depth;
  for (int64_t i = 0; i < n; i++) { /* L y = b */
    const double *row = metric->factor + i * n;
    double rest = b[metric->order[i]];
    for (int64_t j = 0; j < i; j++) rest -= row[j] * room[j];
    room[i] = rest / row[i];
  }
  for (int64_t i = n - 1; i >= 0; i--) { /* L^T x = y */
    const double *row = metric->factor + i * n;
    room[i] /= row[i];
    for (int64_t j = 0; j < i; j++) room[j] -= row[j] * room[i];
  }
  for (int64_t i = 0; i < n; i++) b[metric->order[i]] = room[i];
}

/* ---- one row ---- */

Row row_begin(const RowMetric *metric, const double *weights, double limit, double *memory) {
  int64_t n = metric->depth;
  Row row = {metric, memory, memory + n, memory + 2 * n, 1, limit};
  for (int64_t i = 0; i < n; i++) row.weights[i] = weights[metric->order[i]];
  return row;
}

void row_take(Row *row, double scale, const double *codes) {
  row->scale = scale;
  for (int64_t i = 0; i < row->metric->depth; i++) row->codes[i] = codes[row->metric->order[i]];
}

void row_end(const Row *row, double *codes) {
  for (int64_t i = 0; i < row->metric->depth; i++) codes[row->metric->order[i]] = row->codes[i];
}

static double error_at(const Row *row, int64_t i) {
  return row->weights[i] - row->scale * row->codes[i];
}

/* The squared error is the sum of squares of L^T (w - q). Its k-th term depends on the weights from k on: it
   is shift[k] + L[k][k] (w[k] - q[k]), where `shift` collects what those behind k ask of it. */
static double walk(Row *row, bool in_turn) {
  int64_t n = row->metric->depth;
  double *shift = row->room, total = 0;
  memset(shift, 0, (size_t)n * sizeof *shift);
  for (int64_t k = n - 1; k >= 0; k--) {
    const double *factor = row->metric->factor + k * n;
    double wanted = row->weights[k] + (in_turn ? shift[k] / factor[k] : 0);
    row->codes[k] = weight_code(wanted, row->scale, row->limit);
    double error = error_at(row, k), term = shift[k] + factor[k] * error;
    total += term * term;
    for (int64_t j = 0; j < k; j++) shift[j] += factor[j] * error;
  }
  return total;
}

double row_nearest(Row *row, double scale) {
  row->scale = scale;
  return walk(row, false);
}

double row_in_turn(Row *row, double scale) {
  row->scale = scale;
  return walk(row, true);
}

double row_best_scale(Row *row, double scale, double least) {
  static const double factors[] = {0.86, 0.93, 1.07, 1.15};
  double least_error = row_in_turn(row, scale), best = scale;
  for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
    double tried = (double)(float)(scale * factors[f]);
    if (tried < least) continue;
    double error = row_in_turn(row, tried);
    if (!(error < least_error)) continue;
    least_error = error;
    best = tried;
  }
  return best;
}

/* H (w - q) */
static void gradient_of(const Row *row, double *gradient) {
  int64_t n = row->metric->depth;
  memset(gradient, 0, (size_t)n * sizeof *gradient);
  for (int64_t i = 0; i < n; i++) {
    double error = error_at(row, i);
    const double *moments = row->metric->moments + i * n;
    for (int64_t j = 0; j < n; j++) gradient[j] += moments[j] * error;
  }
}

double row_error(const Row *row) {
  double error = 0;
  gradient_of(row, row->room);
  for (int64_t i = 0; i < row->metric->depth; i++) error += row->room[i] * error_at(row, i);
  return error;
}

/* The best code at k with all others as they are; true where it is another one. */
static bool move_code(Row *row, int64_t k, double *gradient) {
  int64_t n = row->metric->depth;
  const double *moments = row->metric->moments + k * n;
  double code = weight_code(row->scale * row->codes[k] + gradient[k] / moments[k], row->scale, row->limit);
  double step = row->scale * (code - row->codes[k]); /* the error at k falls by this */
  double gain = step * (2 * gradient[k] - step * moments[k]);
  if (!(gain > 1e-9 * step * step * moments[k])) return false;
  for (int64_t j = 0; j < n; j++) gradient[j] -= moments[j] * step;
  row->codes[k] = code;
  return true;
}

void row_polish(Row *row) {
  bool moved = true;
  gradient_of(row, row->room);
  for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
    moved = false;
    for (int64_t k = row->metric->depth - 1; k >= 0; k--) moved |= move_code(row, k, row->room);
  }
}
