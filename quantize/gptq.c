/*
 * Second-order sequential rounding: the weights of a row are rounded one after the other, each making up for
 * the errors of those before it as far as the layer's inputs vary together (Frantar et al. 2022, "GPTQ:
 * Accurate Post-Training Quantization for Generative Pre-trained Transformers"). See row_rounding.h.
 *
 * Where the layer has a bias, this takes up the mean of the error, so that only the inputs' covariance
 * counts.
 */
#include "quantize/layer_codes.h"
#include "quantize/recovery.h"
#include "quantize/row_rounding.h"
#include "quantize/second_moments.h"

#define MOMENTS_MOST (INT64_C(256) << 20) /* bytes of moments at a time */

#define ROOMS 5 /* numbers a weight that a worker needs: weights, codes, the row's */

/* A layer being rounded. */
typedef struct Rounding {
  LayerCodes codes;
  const SecondMoments *moments; /* averages */
  RowMetric *metrics;           /* by group */
  double *rooms;                /* by worker */
} Rounding;

/* ---- rows ---- */

static void store_row(Rounding *r, int64_t output, double scale, const double *weights, const double *codes) {
  const Layer *layer = r->codes.layer;
  int64_t group = output / (layer->outputs / layer->groups);
  const double *means = r->moments->sums + group * layer->depth;
  double shift = 0;
  for (int64_t i = 0; i < layer->depth; i++) shift += (weights[i] - scale * codes[i]) * means[i];
  r->codes.change[output] = shift * layer->factor * (double)layer->data->spec->scales[0];
  layer_codes_row(&r->codes, output, scale, codes);
}

static Status round_output(void *context, size_t index, int worker, Error *err) {
  Rounding *r = context;
  const Layer *layer = r->codes.layer;
  int64_t output = (int64_t)index, n = layer->depth;
  const RowMetric *metric = &r->metrics[output / (layer->outputs / layer->groups)];
  const float *from = layer->weight->constant->data;
  double *weights = r->rooms + ROOMS * n * worker, *codes = weights + n;
  (void)err;
  if (!metric->is_usable) return OK;
  for (int64_t i = 0; i < n; i++) weights[i] = (double)from[layer_weight_at(layer, output, i)];
  Row row = row_begin(metric, weights, layer_code_limit(layer), codes + n);
  double scale = layer_scale(layer, output), plain = row_nearest(&row, scale), chosen = scale;
  if (layer_has_free_scales(layer)) chosen = row_best_scale(&row, scale, layer_least_scale(layer, output));
  if (row_in_turn(&row, chosen) > plain) row_nearest(&row, chosen = scale);
  row_polish(&row);
  row_end(&row, codes);
  store_row(r, output, chosen, weights, codes);
  return OK;
}

/* ---- layers ---- */

static Status new_rooms(Recovery *recovery, Rounding *r, Arena *arena, Error *err) {
  const Layer *layer = r->codes.layer;
  size_t depth = (size_t)layer->depth, groups = (size_t)layer->groups;
  size_t workers = (size_t)pool_workers(simulator_pool(recovery->simulator));
  r->metrics = arena_new(arena, groups, sizeof *r->metrics, err);
  r->rooms = arena_new(arena, workers * depth * ROOMS, sizeof *r->rooms, err);
  return r->metrics == NULL || r->rooms == NULL ? err->status : OK;
}

static Status round_layer(Recovery *recovery, Layer *layer, SecondMoments *moments, Arena *arena,
                          Error *err) {
  Rounding r = {.moments = moments};
  TRY(layer_codes_begin(&r.codes, recovery->graph, layer, arena, err));
  TRY(new_rooms(recovery, &r, arena, err));
  second_moments_average(moments, layer->bias != NULL);
  for (int64_t g = 0; g < layer->groups; g++)
    TRY(row_metric_make(&r.metrics[g], moments->products + g * layer->depth * layer->depth, layer->depth,
                        arena, err));
  TRY(pool_for(simulator_pool(recovery->simulator), (size_t)layer->outputs, round_output, &r, err));
  return layer_codes_end(&r.codes, recovery->graph, err);
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
    recovery_tell(recovery, (double)(first + l + 1) / recovery->layers->count);
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
