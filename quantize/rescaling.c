#include "quantize/rescaling.h"

#include <math.h>
#include <string.h>

Layer *layer_reading(const Layers *layers, const Value *value) {
  for (int l = 0; l < layers->count; l++)
    if (layers->layers[l].data == value) return &layers->layers[l];
  return NULL;
}

bool value_is_single(const Value *value) {
  return value->user_count == 1 && !value->is_output;
}

bool layer_has_own_weights(const Layer *layer) {
  return layer->has_rows && value_is_single(layer->weight);
}

/* ---- ranges ---- */

static Status see_data(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                       Error *err) {
  const ChannelRanges *ranges = context;
  const Layer *layer = layer_reading(ranges->layers, value);
  (void)sample;
  (void)err;
  if (layer == NULL) return OK;
  float *largest = ranges->largest[worker * ranges->layers->count + (layer - ranges->layers->layers)];
  int64_t inner = shape_product(&tensor->shape, layer->data_axis + 1, tensor->shape.rank);
  const float *values = tensor->data;
  int64_t count = tensor_elements(tensor);
  for (int64_t i = 0; i < count; i++) {
    float size = fabsf(values[i]);
    int64_t c = i / inner % layer->inputs;
    if (size > largest[c]) largest[c] = size;
  }
  return OK;
}

Status channel_ranges(ChannelRanges *ranges, Recovery *recovery, Arena *arena, Error *err) {
  int count = recovery->layers->count;
  *ranges = (ChannelRanges){recovery->layers, NULL, pool_workers(simulator_pool(recovery->simulator))};
  ranges->largest = arena_new(arena, (size_t)(ranges->workers * count), sizeof(float *), err);
  if (ranges->largest == NULL) return err->status;
  for (int i = 0; i < ranges->workers * count; i++) {
    size_t inputs = (size_t)recovery->layers->layers[i % count].inputs;
    ranges->largest[i] = arena_new(arena, inputs, sizeof(float), err);
    if (ranges->largest[i] == NULL) return err->status;
  }
  SimulationView view = {.before = see_data, .context = ranges};
  TRY(simulator_run(recovery->simulator, SIMULATE_REAL, recovery->from, recovery->count, &view, err));
  for (int i = count; i < ranges->workers * count; i++)
    for (int64_t c = 0; c < recovery->layers->layers[i % count].inputs; c++)
      ranges->largest[i % count][c] = fmaxf(ranges->largest[i % count][c], ranges->largest[i][c]);
  return OK;
}

void layer_largest_columns(const Layer *layer, double *largest) {
  const float *weights = layer->weight->constant->data;
  for (int64_t o = 0; o < layer->outputs; o++)
    for (int64_t i = 0; i < layer->depth; i++) {
      int64_t c = layer_input_of(layer, o, i);
      largest[c] = fmax(largest[c], fabs((double)weights[layer_weight_at(layer, o, i)]));
    }
}

/* ---- rescaling ---- */

Tensor *constant_copy(Graph *graph, const Tensor *tensor, Error *err) {
  Tensor *copy = tensor_new(&graph->arena, tensor->type, &tensor->shape, err);
  if (copy != NULL) memcpy(copy->data, tensor->data, tensor_bytes(tensor));
  return copy;
}

Status layer_scale_columns(Graph *graph, Layer *layer, const double *factors, Error *err) {
  Tensor *columns = constant_copy(graph, layer->weight->constant, err);
  if (columns == NULL) return err->status;
  for (int64_t o = 0; o < layer->outputs; o++)
    for (int64_t i = 0; i < layer->depth; i++) {
      int64_t at = layer_weight_at(layer, o, i);
      tensor_set(columns, at, tensor_get(columns, at) * factors[layer_input_of(layer, o, i)]);
    }
  layer->weight->constant = columns;
  return OK;
}

/* Ranges and scales anew; weights keep the bits that they had. */
Status calibrate_again(Recovery *recovery, Error *err) {
  QuantizeReport report;
  Arena arena = {0};
  int *bits = arena_new(&arena, (size_t)recovery->layers->count, sizeof *bits, err);
  if (bits == NULL) return err->status;
  for (int l = 0; l < recovery->layers->count; l++) bits[l] = recovery->layers->layers[l].weight->spec->bits;
  Status status =
      calibrate(&recovery->renewed, recovery->graph, recovery->reader, recovery->from, recovery->all,
                recovery->settings, simulator_pool(recovery->simulator), NULL, NULL, err);
  if (status == OK)
    status = quantize_graph(recovery->graph, recovery->renewed, recovery->settings, &report, err);
  for (int l = 0; l < recovery->layers->count && status == OK; l++)
    status = layer_set_bits(recovery->graph, &recovery->layers->layers[l], bits[l], err);
  arena_free(&arena);
  return status;
}
