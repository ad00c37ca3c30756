#include "quantize/layer_codes.h"

#include <string.h>

Status layer_codes_begin(LayerCodes *codes, Graph *graph, Layer *layer, Arena *arena, Error *err) {
  const Tensor *old = layer->weight->constant;
  const QuantSpec *spec = layer->weight->spec;
  *codes = (LayerCodes){.layer = layer};
  codes->weights = tensor_new(&graph->arena, ELEMENT_FLOAT32, &old->shape, err);
  codes->scales = arena_new(&graph->arena, (size_t)spec->scale_count, sizeof(float), err);
  codes->change = arena_new(arena, (size_t)layer->outputs, sizeof *codes->change, err);
  if (codes->weights == NULL || codes->scales == NULL || codes->change == NULL) return err->status;
  memcpy(codes->weights->data, old->data, tensor_bytes(old));
  memcpy(codes->scales, spec->scales, (size_t)spec->scale_count * sizeof(float));
  return OK;
}

void layer_codes_row(LayerCodes *codes, int64_t output, double scale, const double *row) {
  const Layer *layer = codes->layer;
  float *weights = codes->weights->data;
  for (int64_t i = 0; i < layer->depth; i++)
    weights[layer_weight_at(layer, output, i)] = (float)(scale * row[i]);
  if (layer->weight->spec->scale_count > 1) codes->scales[output] = (float)scale;
}

Status layer_codes_end(LayerCodes *codes, Graph *graph, Error *err) {
  Layer *layer = codes->layer;
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, err);
  if (spec == NULL) return err->status;
  *spec = *layer->weight->spec;
  spec->scales = codes->scales;
  layer->weight->constant = codes->weights;
  layer->weight->spec = spec;
  return layer->bias == NULL ? OK : layer_change_bias(graph, layer, codes->change, err);
}
