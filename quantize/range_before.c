/* The range of a table's input: what counts is the error after the function. */
#include "quantize/range.h"

#include <math.h>
#include <stdlib.h>

#define CODES 256
#define CANDIDATES 24 /* a side and round */

typedef struct Search {
  const Histogram *histogram;
  const Node *node;
  int input;
  float results[HISTOGRAM_BINS]; /* of the function, in the middle of each bin */
  Error *err;
} Search;

/* results[i] = f(x[i]) */
static Status apply(Search *search, float *x, int64_t count, float *results) {
  const Node *node = search->node;
  Arena arena = {0};
  Tensor in = {.type = ELEMENT_FLOAT32, .shape = SHAPE(count), .data = x};
  const Tensor **inputs = arena_new(&arena, (size_t)node->input_count, sizeof *inputs, search->err);
  Tensor **outputs = arena_new(&arena, (size_t)node->output_count, sizeof *outputs, search->err);
  Status status = inputs == NULL || outputs == NULL ? SYSTEM : OK;
  for (int i = 0; status == OK && i < node->input_count; i++)
    inputs[i] = i == search->input ? &in : node_constant(node, i);
  if (status == OK) status = interpreter_run_node(node, inputs, outputs, &arena, search->err);
  for (int64_t i = 0; status == OK && i < count; i++) results[i] = (float)tensor_get(outputs[0], i);
  arena_free(&arena);
  return status;
}

static Status error_of(Search *search, Range range, double *error) {
  Affine affine = affine_of(range, 8);
  float x[CODES], y[CODES];
  for (int q = 0; q < CODES; q++) x[q] = affine.scale * (float)(q - 128 - affine.zero_point);
  TRY(apply(search, x, CODES, y));
  const uint64_t *counts = histogram_importance(search->histogram);
  *error = 0;
  for (int i = 0; i < HISTOGRAM_BINS; i++) {
    if (counts[i] == 0) continue;
    double code =
        rint(histogram_middle(search->histogram, i) / (double)affine.scale) + affine.zero_point + 128;
    int q = (int)fmin(fmax(code, 0), CODES - 1);
    double difference = (double)y[q] - (double)search->results[i];
    *error += (double)counts[i] * difference * difference;
  }
  return OK;
}

/* Tries shorter ranges on one side, the other being kept. */
static Status shorten(Search *search, bool low_side, Range *best, double *least) {
  Range from = *best;
  for (int i = 1; i < CANDIDATES; i++) {
    double keep = 1 - i / (double)CANDIDATES, error;
    Range range = {low_side ? from.low * keep : from.low, low_side ? from.high : from.high * keep};
    TRY(error_of(search, range, &error));
    if (error < *least) {
      *least = error;
      *best = range;
    }
  }
  return OK;
}

/* A search whose function has been computed in the middle of each bin; free it. NULL: see `err`. */
static Search *search_new(const Histogram *histogram, const Node *node, int input, Error *err) {
  Search *search = calloc(1, sizeof *search);
  if (search == NULL) {
    fail_memory(err);
    return NULL;
  }
  *search = (Search){.histogram = histogram, .node = node, .input = input, .err = err};
  float middles[HISTOGRAM_BINS];
  for (int i = 0; i < HISTOGRAM_BINS; i++) middles[i] = (float)histogram_middle(histogram, i);
  if (apply(search, middles, HISTOGRAM_BINS, search->results) == OK) return search;
  free(search);
  return NULL;
}

Status range_choose_before(const Histogram *histogram, const Node *node, int input, Range *range,
                           Error *err) {
  *range = range_of_all(histogram);
  if (histogram->count == 0 || histogram->counts == NULL) return OK;
  Search *search = search_new(histogram, node, input, err);
  if (search == NULL) return err->status;
  double least;
  Status status = error_of(search, *range, &least);
  for (int round = 0; round < 2 && status == OK; round++) {
    if (range->low < 0) status = shorten(search, true, range, &least);
    if (status == OK && range->high > 0) status = shorten(search, false, range, &least);
  }
  free(search);
  return status;
}

Status range_errors_before(const Histogram *histogram, const Node *node, int input, const Range *ranges,
                           double *errors, int count, Error *err) {
  Search *search = search_new(histogram, node, input, err);
  if (search == NULL) return err->status;
  Status status = OK;
  for (int i = 0; status == OK && i < count; i++) status = error_of(search, ranges[i], &errors[i]);
  free(search);
  return status;
}
