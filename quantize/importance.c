#include "quantize/importance.h"

#include <math.h>

/* Importance while it is gathered: the mean over the channels is 1. */
typedef struct Shares {
  int axis;
  int64_t count;
  double *of; /* NULL: 1 everywhere */
} Shares;

typedef struct Gatherer {
  const Graph *graph;
  Shares *shares; /* by value */
  Arena *arena;
  Error *err;
} Gatherer;

static Status shares_new(Shares *shares, int axis, int64_t count, Arena *arena, Error *err) {
  shares->axis = axis;
  shares->count = count;
  shares->of = arena_new(arena, (size_t)count, sizeof *shares->of, err);
  return shares->of == NULL ? err->status : OK;
}

static void normalize(Shares *shares) {
  double sum = 0;
  for (int64_t c = 0; c < shares->count; c++) sum += shares->of[c];
  for (int64_t c = 0; c < shares->count; c++)
    shares->of[c] = sum > 0 ? shares->of[c] * (double)shares->count / sum : 1;
}

/* ---- what a node asks of its input ---- */

static double share_of(const Shares *shares, int64_t channel) {
  return shares->of == NULL || channel >= shares->count ? 1 : shares->of[channel];
}

/* The weight as [first][second][inner], and which of the two counts input channels. */
typedef struct Matrix {
  int64_t first, second, inner, groups;
  bool is_input_first;
} Matrix;

static bool matrix_of(const Node *node, const LinearForm *form, const Value *data, const Tensor *weight,
                      Matrix *matrix, int *axis) {
  const Shape *shape = &weight->shape;
  bool is_conv = node_is(node, "Conv"), is_transposed = node_is(node, "ConvTranspose");
  if (shape->rank < 2 || !data->has_shape || data->shape.rank < 2) return false;
  *matrix = (Matrix){shape->dims[0], shape->dims[1], shape_product(shape, 2, shape->rank), 1, false};
  *axis = is_conv || is_transposed ? 1 : data->shape.rank - 1;
  if (is_conv || is_transposed) {
    int64_t channels = data->shape.dims[1], a_group = is_conv ? matrix->second : matrix->first;
    matrix->is_input_first = is_transposed;
    matrix->groups = is_conv ? (a_group > 0 ? channels / a_group : 0) : node_int(node, "group", 1);
    return matrix->groups > 0 && data->shape.dims[1] > 0;
  }
  matrix->is_input_first = form->channel_axis == 1;
  int64_t inputs = matrix->is_input_first ? matrix->first : matrix->second;
  return shape->rank == 2 && data->shape.dims[*axis] == inputs; /* a Gemm may transpose its data */
}

static void add_weights(const Matrix *matrix, const float *weights, const Shares *outputs, double *inputs) {
  int64_t first_a_group = matrix->first / matrix->groups;
  for (int64_t f = 0; f < matrix->first; f++)
    for (int64_t s = 0; s < matrix->second; s++) {
      int64_t other = f / (first_a_group > 0 ? first_a_group : 1) * matrix->second + s;
      int64_t input = matrix->is_input_first ? f : other, output = matrix->is_input_first ? other : f;
      const float *at = weights + (f * matrix->second + s) * matrix->inner;
      double sum = 0;
      for (int64_t i = 0; i < matrix->inner; i++) sum += (double)at[i] * (double)at[i];
      inputs[input] += sum * share_of(outputs, output);
    }
}

/* Asks nothing (`asked` stays empty) where the node is no product with constant weights. */
static Status ask_linear(const Gatherer *gatherer, const Node *node, const Value *value, Shares *asked) {
  LinearForm form;
  Matrix matrix;
  int axis;
  if (node->op->linear == NULL || node->op->linear(node, &form, NULL) != OK) return OK;
  if (node_input(node, form.data) != value) return OK;
  const Tensor *weight = node_constant(node, form.weight);
  if (weight == NULL || weight->type != ELEMENT_FLOAT32 ||
      !matrix_of(node, &form, value, weight, &matrix, &axis))
    return OK;
  TRY(shares_new(asked, axis, value->shape.dims[axis], gatherer->arena, gatherer->err));
  add_weights(&matrix, weight->data, &gatherer->shares[node->outputs[0]->index], asked->of);
  normalize(asked);
  return OK;
}

/* Nodes whose result has the channels of their input, at the same place. */
static bool keeps_channels(const Node *node, const Value *value) {
  static const char *const names[] = {"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
                                      "Resize",  "Pad",         "Identity"};
  const Value *result = node->outputs[0];
  if (!value->has_shape || result == NULL || !result->has_shape || result->shape.rank != value->shape.rank)
    return false;
  if (op_role(node, NULL) == ROLE_TABLE) return node_input(node, 0) == value;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (node_is(node, names[i])) return node_input(node, 0) == value;
  return false;
}

/* A Concat along the channels asks of each input what is asked of its part. */
static Status ask_concat(const Gatherer *gatherer, const Node *node, const Value *value, Shares *asked) {
  const Shares *result = &gatherer->shares[node->outputs[0]->index];
  int64_t from = 0;
  if (result->of == NULL || !value->has_shape) return OK;
  int64_t axis = node_int(node, "axis", 0);
  if (axis < 0) axis += value->shape.rank;
  if (axis != result->axis) {
    *asked = *result;
    return OK;
  }
  for (int i = 0; i < node->input_count && node->inputs[i] != value; i++) {
    if (!node->inputs[i]->has_shape) return OK;
    from += node->inputs[i]->shape.dims[axis];
  }
  TRY(shares_new(asked, (int)axis, value->shape.dims[axis], gatherer->arena, gatherer->err));
  for (int64_t c = 0; c < asked->count; c++) asked->of[c] = share_of(result, from + c);
  return OK;
}

static Status ask(const Gatherer *gatherer, const Node *node, const Value *value, Shares *asked) {
  *asked = (Shares){0};
  if (node->output_count < 1 || node->outputs[0] == NULL) return OK;
  if (node_is(node, "Concat")) return ask_concat(gatherer, node, value, asked);
  if (keeps_channels(node, value)) {
    const Shares *result = &gatherer->shares[node->outputs[0]->index];
    if (result->of != NULL && result->axis < value->shape.rank &&
        value->shape.dims[result->axis] == result->count)
      *asked = *result;
    return OK;
  }
  return ask_linear(gatherer, node, value, asked);
}

/* ---- of all users ---- */

/* Those that ask nothing count all channels the same; so does the value where users see different axes. */
static Status gather_value(const Gatherer *gatherer, const Value *value) {
  Shares sum = {0}, asked;
  double flat = value->is_output ? 1 : 0;
  for (int u = 0; u < value->user_count; u++) {
    TRY(ask(gatherer, value->users[u], value, &asked));
    if (asked.of == NULL) {
      flat++;
      continue;
    }
    if (sum.of == NULL) TRY(shares_new(&sum, asked.axis, asked.count, gatherer->arena, gatherer->err));
    if (sum.axis != asked.axis || sum.count != asked.count) return OK;
    for (int64_t c = 0; c < sum.count; c++) sum.of[c] += asked.of[c];
  }
  for (int64_t c = 0; c < sum.count; c++) sum.of[c] += flat;
  if (sum.of != NULL) normalize(&sum);
  gatherer->shares[value->index] = sum;
  return OK;
}

static Status to_integers(Importance *importance, const Shares *shares, Arena *arena, Error *err) {
  double most = 0, least = INFINITY;
  for (int64_t c = 0; c < shares->count; c++) {
    if (!isfinite(shares->of[c])) return OK; /* the weights are broken: others say so */
    most = fmax(most, shares->of[c]);
    least = fmin(least, shares->of[c]);
  }
  if (shares->of == NULL || most <= least) return OK;
  *importance = (Importance){.axis = shares->axis, .count = shares->count};
  importance->channels = arena_new(arena, (size_t)shares->count, sizeof *importance->channels, err);
  if (importance->channels == NULL) return err->status;
  for (int64_t c = 0; c < shares->count; c++)
    importance->channels[c] = (uint16_t)fmax(1, rint(shares->of[c] / most * HISTOGRAM_WEIGHT_MOST));
  return OK;
}

static Status gather_all(const Gatherer *gatherer) {
  const Graph *graph = gatherer->graph;
  for (int n = graph->node_count - 1; n >= 0; n--)
    for (int o = 0; o < graph->nodes[n]->output_count; o++)
      if (graph->nodes[n]->outputs[o] != NULL) TRY(gather_value(gatherer, graph->nodes[n]->outputs[o]));
  for (int i = 0; i < graph->input_count; i++) TRY(gather_value(gatherer, graph->inputs[i]));
  return OK;
}

Status importance_of_values(Importance **importance, const Graph *graph, Arena *arena, Error *err) {
  Gatherer gatherer = {.graph = graph, .arena = arena, .err = err};
  gatherer.shares = arena_new(arena, (size_t)graph->value_count, sizeof *gatherer.shares, err);
  *importance = arena_new(arena, (size_t)graph->value_count, sizeof **importance, err);
  if (gatherer.shares == NULL || *importance == NULL) return err->status;
  TRY(gather_all(&gatherer));
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->constant == NULL)
      TRY(to_integers(&(*importance)[v], &gatherer.shares[v], arena, err));
  return OK;
}
