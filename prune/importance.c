#include "prune/importance.h"

#include <math.h>
#include <stdlib.h>

/* The BatchNormalization that alone reads what a node makes; NULL: none with constant numbers. */
static const Node *norm_behind(const AxisMaker *maker) {
  const Value *out = maker->out;
  if (maker->out_axis != 1 || !value_has_one_user(out)) return NULL;
  const Node *node = out->users[0];
  bool fits = node_is(node, "BatchNormalization") && node_input(node, 0) == out;
  return fits && node_constant(node, 1) != NULL && node_constant(node, 4) != NULL ? node : NULL;
}

/* |scale| / sqrt(variance + epsilon): what the normalization multiplies a channel by. */
static double norm_factor(const Node *norm, int64_t channel) {
  double variance = tensor_get(node_constant(norm, 4), channel);
  double epsilon = node_float(norm, "epsilon", 1e-5);
  return fabs(tensor_get(node_constant(norm, 1), channel)) / sqrt(fmax(variance + epsilon, 1e-12));
}

/* Sums of |w| or w^2 by index of the maker's axis. */
static void add_weights(const AxisMaker *maker, Importance by, double *sums) {
  const Tensor *weight = maker->weight->constant;
  int64_t size = weight->shape.dims[maker->weight_axis], count = tensor_elements(weight);
  int64_t inner = shape_product(&weight->shape, maker->weight_axis + 1, weight->shape.rank);
  for (int64_t i = 0; i < count; i++) {
    double w = tensor_get(weight, i);
    sums[i / inner % size] += by == IMPORTANCE_L1 ? fabs(w) : w * w;
  }
}

static Status score_maker(const AxisMaker *maker, const Channels *channels, Importance by, double *scores,
                          Error *err) {
  int64_t size = axis_size(maker->weight, maker->weight_axis);
  double *sums = calloc((size_t)size + 1, sizeof *sums);
  if (sums == NULL) return fail_memory(err);
  const Node *norm = norm_behind(maker);
  add_weights(maker, by, sums);
  for (int64_t i = 0; i < size; i++) {
    double score = by == IMPORTANCE_L1 ? sums[i] : sqrt(sums[i]);
    if (norm != NULL) score *= norm_factor(norm, i);
    int64_t channel = channel_at(channels, maker->weight, maker->weight_axis, i);
    if (channel >= 0 && isfinite(score)) scores[channel] += score;
  }
  free(sums);
  return OK;
}

Status importance_score(const Graph *graph, const Channels *channels, Importance by, double *scores,
                        Error *err) {
  for (int64_t c = 0; c < channels->count; c++) scores[c] = 0;
  for (int n = 0; n < graph->node_count; n++) {
    const AxisMaker *maker = axis_maker(channels->ties, graph->nodes[n]);
    if (maker != NULL) TRY(score_maker(maker, channels, by, scores, err));
  }
  return OK;
}
