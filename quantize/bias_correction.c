/*
 * Bias correction: rounding shifts the mean of each output channel, and a shift can be taken back by the bias
 * (Nagel et al. 2019, "Data-Free Quantization through Weight Equalization and Bias Correction"; Finkelstein
 * et al. 2019, "Fighting Quantization Bias with Bias").
 *
 * The shift seen at a layer has a part that the layer inherits from those before it, which their own
 * correction takes away. That part is the layer's weights times the shift of its input channels (as if no
 * window touched the border), so that all layers are corrected in one pass instead of one after the other.
 */
#include "quantize/channel_means.h"
#include "quantize/recovery.h"
#include "quantize/rounding.h"

/* What a shift of the input channels does to each output's mean. */
static void inherited_shift(const Layer *layer, const double *real, const double *coded, double *shift) {
  const float *weights = layer->weight->constant->data;
  double limit = layer_code_limit(layer);
  for (int64_t o = 0; o < layer->outputs; o++) {
    double scale = layer_scale(layer, o), sum = 0;
    for (int64_t i = 0; i < layer->depth; i++) {
      int64_t c = layer_input_of(layer, o, i);
      double weight = (double)weights[layer_weight_at(layer, o, i)];
      sum += weight_rounded(weight, scale, limit) * (coded[c] - real[c]);
    }
    shift[o] = layer->factor * sum;
  }
}

static Status correct_layer(Recovery *recovery, int l, const ChannelMeans *real, const ChannelMeans *coded,
                            Arena *arena, Error *err) {
  Layer *layer = &recovery->layers->layers[l];
  double *change = arena_new(arena, (size_t)layer->outputs, sizeof *change, err);
  if (change == NULL) return err->status;
  if (layer->bias == NULL || !layer->has_rows) return OK;
  inherited_shift(layer, real->data[l], coded->data[l], change);
  for (int64_t o = 0; o < layer->outputs; o++) change[o] += real->sums[l][o] - coded->sums[l][o];
  return layer_change_bias(recovery->graph, layer, change, err);
}

Status correct_biases(Recovery *recovery, bool *is_changed, Error *err) {
  ChannelMeans real, coded = {0};
  Arena arena = {0};
  *is_changed = true;
  TRY(channel_means(&real, recovery->simulator, recovery->layers, SIMULATE_REAL, recovery->from,
                    recovery->count, err));
  Status status = channel_means(&coded, recovery->simulator, recovery->layers, SIMULATE_CODES, recovery->from,
                                recovery->count, err);
  for (int l = 0; l < recovery->layers->count && status == OK; l++)
    status = correct_layer(recovery, l, &real, &coded, &arena, err);
  arena_free(&arena);
  channel_means_free(&real);
  channel_means_free(&coded);
  return status;
}
