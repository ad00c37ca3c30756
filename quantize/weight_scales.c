/*
 * Scales of weights by least squared error: with few bits it pays to clip the largest weights of a channel
 * for the sake of a finer step for the others. An error counts as much as the input that it is multiplied by
 * is large, in the mean square of its channel.
 */
#include "quantize/channel_means.h"
#include "quantize/recovery.h"
#include "quantize/weight_clip.h"

#include <math.h>
#include <string.h>

/* Room for one row. */
typedef struct RowRoom {
  float *weights, *importance;
} RowRoom;

static double best_scale(const Layer *layer, int64_t output, const double *squares, const RowRoom *room) {
  const float *weights = layer->weight->constant->data;
  for (int64_t i = 0; i < layer->depth; i++) {
    room->weights[i] = weights[layer_weight_at(layer, output, i)];
    room->importance[i] = (float)squares[layer_input_of(layer, output, i)];
  }
  double scale = weight_clip_scale_of(room->weights, room->importance, layer->depth, layer_code_limit(layer));
  if (!(scale > 0)) return layer_scale(layer, output);
  return fmax(scale, layer_least_scale(layer, output));
}

static Status set_scales(Graph *graph, Layer *layer, const double *squares, Arena *arena, Error *err) {
  const QuantSpec *old = layer->weight->spec;
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, err);
  float *scales = arena_new(&graph->arena, (size_t)old->scale_count, sizeof *scales, err);
  RowRoom room = {arena_new(arena, (size_t)layer->depth, sizeof(float), err),
                  arena_new(arena, (size_t)layer->depth, sizeof(float), err)};
  if (spec == NULL || scales == NULL || room.weights == NULL || room.importance == NULL) return err->status;
  for (int64_t o = 0; o < layer->outputs; o++) scales[o] = (float)best_scale(layer, o, squares, &room);
  *spec = *old;
  spec->scales = scales;
  layer->weight->spec = spec;
  return OK;
}

static bool is_free(const Layer *layer) {
  return layer->has_rows && layer_has_free_scales(layer) && layer->weight->user_count == 1;
}

Status search_weight_scales(Recovery *recovery, bool *is_changed, Error *err) {
  const Layers *layers = recovery->layers;
  ChannelMeans squares;
  Arena arena = {0};
  *is_changed = false;
  for (int l = 0; l < layers->count; l++) *is_changed |= is_free(&layers->layers[l]);
  if (!*is_changed) return OK;
  TRY(channel_squares(&squares, recovery->simulator, layers, SIMULATE_INPUTS, recovery->from, recovery->count,
                      err));
  Status status = OK;
  for (int l = 0; l < layers->count && status == OK; l++)
    if (is_free(&layers->layers[l]))
      status = set_scales(recovery->graph, &layers->layers[l], squares.data[l], &arena, err);
  arena_free(&arena);
  channel_means_free(&squares);
  return status;
}
