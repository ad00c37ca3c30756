/*
 * Second-order sequential rounding: the weights of a row are rounded one after the other, each making up for
 * the errors of those before it as far as the layer's inputs vary together (Frantar et al. 2022, "GPTQ:
 * Accurate Post-Training Quantization for Generative Pre-trained Transformers"). See row_rounding.h.
 *
 * Where the layer has a bias, this takes up the mean of the error, so that only the inputs' covariance
 * counts.
 */
#include "quantize/recovery.h"
#include "quantize/row_rounding.h"
#include "quantize/second_moments.h"

#include <math.h>
#include <string.h>

#define MOMENTS_MOST (INT64_C(256) << 20) /* bytes of moments at a time */

#define ROOMS 5 /* numbers a weight that a worker needs: weights, codes, the row's */

/* A layer being rounded. */
typedef struct Rounding {
  Layer *layer;
  const SecondMoments *moments;
  RowMetric *metrics; /* by group */
  double *means;      /* [groups][depth]: of the inputs, in codes */
  float *weights;     /* of the new tensor */
  float *scales;      /* new ones; as many as the spec has */
  double *change;     /* by output: of the bias */
  double *rooms;      /* by worker */
} Rounding;

/* ---- metrics ---- */

static Status make_metric(Rounding *r, int64_t group, double *scratch, Arena *arena, Error *err) {
  int64_t n = r->moments->depth;
  double positions = (double)r->moments->positions;
  const double *products = r->moments->products + group * n * n, *sums = r->moments->sums + group * n;
  double *means = r->means + group * n, centre = r->layer->bias != NULL ? 1 : 0;
  for (int64_t i = 0; i < n; i++) means[i] = sums[i] / positions;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      scratch[i * n + j] = products[i * n + j] / positions - centre * means[i] * means[j];
  return row_metric_make(&r->metrics[group], scratch, n, arena, err);
}

/* ---- rows ---- */

static const double scale_factors[] = {0.86, 0.93, 1.07, 1.15};

static void store_row(const Rounding *r, int64_t output, double scale, const double *weights,
                      const double *codes) {
  const Layer *layer = r->layer;
  int64_t group = output / (layer->outputs / layer->groups);
  const double *means = r->means + group * layer->depth;
  double shift = 0;
  for (int64_t i = 0; i < layer->depth; i++) {
    r->weights[layer_weight_at(layer, output, i)] = (float)(scale * codes[i]);
    shift += (weights[i] - scale * codes[i]) * means[i];
  }
  r->change[output] = shift * layer->factor * (double)layer->data->spec->scales[0];
  if (layer->weight->spec->scale_count > 1) r->scales[output] = (float)scale;
}

/* The scale with which the row's error is least; one that is shared or fine enough stays. */
static double choose_scale(const Layer *layer, int64_t output, Row *row) {
  double scale = layer_scale(layer, output), least = row_in_turn(row, scale), chosen = scale;
  if (layer->weight->spec->scale_count == 1 || layer->weight->spec->bits >= 8) return scale;
  for (size_t f = 0; f < sizeof scale_factors / sizeof *scale_factors; f++) {
    double tried = (double)(float)(scale * scale_factors[f]);
    if (tried < layer_least_scale(layer, output)) continue;
    double error = row_in_turn(row, tried);
    if (!(error < least)) continue;
    least = error;
    chosen = tried;
  }
  return chosen;
}

static Status round_output(void *context, size_t index, int worker, Error *err) {
  const Rounding *r = context;
  const Layer *layer = r->layer;
  int64_t output = (int64_t)index, n = layer->depth;
  const RowMetric *metric = &r->metrics[output / (layer->outputs / layer->groups)];
  const float *from = layer->weight->constant->data;
  double *weights = r->rooms + ROOMS * n * worker, *codes = weights + n;
  (void)err;
  if (!metric->is_usable) return OK;
  for (int64_t i = 0; i < n; i++) weights[i] = (double)from[layer_weight_at(layer, output, i)];
  Row row = row_begin(metric, weights, layer_code_limit(layer), codes + n);
  double plain = row_nearest(&row, layer_scale(layer, output)), scale = choose_scale(layer, output, &row);
  if (row_in_turn(&row, scale) > plain) row_nearest(&row, scale = layer_scale(layer, output));
  row_polish(&row);
  row_end(&row, codes);
  store_row(r, output, scale, weights, codes);
  return OK;
}

/* ---- layers ---- */

static Status new_tensors(Recovery *recovery, Rounding *r, Tensor **made, Error *err) {
  Graph *graph = recovery->graph;
  const Tensor *old = r->layer->weight->constant;
  const QuantSpec *spec = r->layer->weight->spec;
  *made = tensor_new(&graph->arena, ELEMENT_FLOAT32, &old->shape, err);
  r->scales = arena_new(&graph->arena, (size_t)spec->scale_count, sizeof(float), err);
  if (*made == NULL || r->scales == NULL) return err->status;
  memcpy((*made)->data, old->data, tensor_bytes(old));
  memcpy(r->scales, spec->scales, (size_t)spec->scale_count * sizeof(float));
  r->weights = (*made)->data;
  return OK;
}

static Status new_rooms(Recovery *recovery, Rounding *r, Arena *arena, Error *err) {
  const Layer *layer = r->layer;
  size_t depth = (size_t)layer->depth, groups = (size_t)layer->groups;
  size_t workers = (size_t)pool_workers(simulator_pool(recovery->simulator));
  r->metrics = arena_new(arena, groups, sizeof *r->metrics, err);
  r->means = arena_new(arena, groups * depth, sizeof *r->means, err);
  r->change = arena_new(arena, (size_t)layer->outputs, sizeof *r->change, err);
  r->rooms = arena_new(arena, workers * depth * ROOMS, sizeof *r->rooms, err);
  return r->metrics == NULL || r->means == NULL || r->change == NULL || r->rooms == NULL ? err->status : OK;
}

static Status round_layer(Recovery *recovery, Layer *layer, const SecondMoments *moments, Arena *arena,
                          Error *err) {
  Rounding r = {.layer = layer, .moments = moments};
  Tensor *made;
  TRY(new_tensors(recovery, &r, &made, err));
  TRY(new_rooms(recovery, &r, arena, err));
  double *scratch = arena_new(arena, (size_t)(layer->depth * layer->depth), sizeof *scratch, err);
  if (scratch == NULL) return err->status;
  for (int64_t g = 0; g < layer->groups; g++) TRY(make_metric(&r, g, scratch, arena, err));
  TRY(pool_for(simulator_pool(recovery->simulator), (size_t)layer->outputs, round_output, &r, err));
  QuantSpec *spec = arena_new(&recovery->graph->arena, 1, sizeof *spec, err);
  if (spec == NULL) return err->status;
  *spec = *layer->weight->spec;
  spec->scales = r.scales;
  layer->weight->constant = made;
  layer->weight->spec = spec;
  return layer->bias == NULL ? OK : layer_change_bias(recovery->graph, layer, r.change, err);
}

/* As many layers as their moments have room for, at least one. */
static int batch_from(const Layers *layers, int first) {
  int64_t bytes = 0;
  int count = 0;
  for (; first + count < layers->count; count++) {
    bytes += second_moments_bytes(&layers->layers[first + count]);
    if (count > 0 && bytes > MOMENTS_MOST) break;
  }
  return count;
}

static Status round_batch(Recovery *recovery, int first, int count, Arena *arena, Error *err) {
  SecondMoments *moments = arena_new(arena, (size_t)count, sizeof *moments, err);
  if (moments == NULL) return err->status;
  TRY(second_moments(moments, recovery->simulator, recovery->layers, first, count, recovery->from,
                     recovery->count, arena, err));
  for (int l = 0; l < count; l++) {
    Layer *layer = &recovery->layers->layers[first + l];
    Arena own = {0};
    if (moments[l].groups == 0 || moments[l].positions == 0 || layer->weight->user_count > 1) continue;
    Status status = round_layer(recovery, layer, &moments[l], &own, err);
    arena_free(&own);
    if (status != OK) return status;
  }
  return OK;
}

Status round_in_sequence(Recovery *recovery, bool *is_changed, Error *err) {
  *is_changed = true;
  for (int first = 0; first < recovery->layers->count;) {
    int count = batch_from(recovery->layers, first);
    Arena arena = {0};
    Status status = round_batch(recovery, first, count, &arena, err);
    arena_free(&arena);
    if (status != OK) return status;
    first += count;
  }
  return OK;
}
