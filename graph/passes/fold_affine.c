/*
 * BatchNormalization and constant scales and shifts of channels, behind a linear operator with constant
 * weights, go into its weights and bias: scale (W x + b) + shift = (scale W) x + (scale b + shift).
 */
#include "graph/passes/affine.h"
#include "graph/passes/pass_tools.h"

/* A linear node whose weights can take up what follows. */
typedef struct Linear {
  Graph *graph;
  Node *node;
  const Tensor *weight; /* input 1 */
  const Tensor *bias;   /* input 2, or NULL */
  int axis;             /* of the channels, in the output */
  int64_t channels;
  int64_t inner;   /* elements of the weight between neighbours along its channel axis */
  int64_t groups;  /* of a ConvTranspose, whose channels lie along two axes; 1 otherwise */
  bool takes_bias; /* or can be made to */
  double bias_factor;
} Linear;

static bool has_rank(const Value *value, int rank) {
  return value != NULL && value->has_shape && value->shape.rank == rank;
}

static bool describe_conv(Linear *linear) {
  const Shape *shape = &linear->weight->shape;
  bool is_transposed = node_is(linear->node, "ConvTranspose");
  if (shape->rank < 3) return false;
  linear->groups = is_transposed ? node_int(linear->node, "group", 1) : 1;
  if (linear->groups < 1 || shape->dims[0] % linear->groups != 0) return false;
  linear->axis = 1;
  linear->channels = is_transposed ? shape->dims[1] * linear->groups : shape->dims[0];
  linear->inner = shape_product(shape, is_transposed ? 2 : 1, shape->rank);
  linear->takes_bias = true;
  return true;
}

static bool describe_gemm(Linear *linear) {
  const Shape *shape = &linear->weight->shape;
  bool is_transposed = node_int(linear->node, "transB", 0) != 0;
  if (shape->rank != 2) return false;
  linear->axis = 1;
  linear->channels = shape->dims[is_transposed ? 0 : 1];
  linear->inner = is_transposed ? shape->dims[1] : 1;
  linear->takes_bias = true;
  linear->bias_factor = node_float(linear->node, "beta", 1.0);
  return true;
}

/* A product of matrices can become a Gemm; one of stacks of matrices takes no bias. */
static bool describe_matmul(Linear *linear) {
  const Shape *shape = &linear->weight->shape;
  const Value *output = linear->node->outputs[0];
  if (shape->rank < 2 || output->shape.rank < 2) return false;
  linear->axis = output->shape.rank - 1;
  linear->channels = shape->dims[shape->rank - 1];
  linear->inner = 1;
  linear->takes_bias = shape->rank == 2 && has_rank(linear->node->inputs[0], 2);
  return true;
}

/* A bias that is absent, or constant and the same for all but the channel axis. */
static bool read_bias(Linear *linear) {
  const Value *bias = node_input(linear->node, 2);
  if (bias == NULL) return true;
  linear->bias = bias->constant;
  if (linear->bias == NULL) return false;
  int64_t count = tensor_elements(linear->bias);
  const Shape *shape = &linear->bias->shape;
  bool is_last = shape->rank == 0 || shape->dims[shape->rank - 1] == count;
  return is_last && (count == linear->channels || count == 1);
}

static bool describe(Graph *graph, Node *node, Linear *linear) {
  *linear = (Linear){.graph = graph, .node = node, .groups = 1, .bias_factor = 1.0};
  bool is_conv = node_is(node, "Conv") || node_is(node, "ConvTranspose");
  bool is_gemm = node_is(node, "Gemm");
  if (!is_conv && !is_gemm && !node_is(node, "MatMul")) return false;
  linear->weight = node_constant(node, 1);
  if (linear->weight == NULL || !element_is_float(linear->weight->type)) return false;
  if (node->outputs[0] == NULL || !node->outputs[0]->has_shape) return false;
  bool fits = is_conv ? describe_conv(linear) : is_gemm ? describe_gemm(linear) : describe_matmul(linear);
  return fits && linear->channels > 0 && linear->inner > 0 && read_bias(linear);
}

/* ---- what follows ---- */

static bool absorb(const Linear *linear, Affine *affine, const Node *user, const Value *x) {
  if (user->outputs[0] == NULL) return false;
  bool is_linear_only = node_is(user, "Mul") || node_is(user, "Div");
  if (!linear->takes_bias && !is_linear_only) return false;
  if (linear->axis == 1 && user->inputs[0] == x && affine_add_batchnorm(affine, user)) return true;
  return affine_add_arithmetic(affine, user, x, linear->axis);
}

/* Composes the nodes behind the linear one, and removes them if `commit`; the value that the last of them
   makes, or the linear node's own. */
static Value *follow(const Linear *linear, Affine *affine, bool commit, int *count) {
  Value *value = linear->node->outputs[0];
  for (*count = 0;; ++*count) {
    Node *user = pass_only_user(value);
    if (user == NULL || !absorb(linear, affine, user, value)) return value;
    if (commit) node_remove(user);
    value = user->outputs[0];
  }
}

/* ---- new weights ---- */

static int64_t channel_of(const Linear *linear, int64_t element) {
  if (linear->groups == 1) return element / linear->inner % linear->channels;
  const int64_t *dims = linear->weight->shape.dims; /* [in, out / groups, ...] */
  int64_t in_channel = element / linear->inner / dims[1];
  return in_channel / (dims[0] / linear->groups) * dims[1] + element / linear->inner % dims[1];
}

static Tensor *scaled_weight(const Linear *linear, const Affine *affine, Error *err) {
  const Tensor *weight = linear->weight;
  Tensor *scaled = tensor_new(&linear->graph->arena, weight->type, &weight->shape, err);
  int64_t count = tensor_elements(weight);
  for (int64_t i = 0; scaled != NULL && i < count; i++)
    tensor_set(scaled, i, tensor_get(weight, i) * affine->scale[channel_of(linear, i)]);
  return scaled;
}

static Tensor *shifted_bias(const Linear *linear, const Affine *affine, Error *err) {
  const Tensor *bias = linear->bias;
  Tensor *shifted = tensor_new(&linear->graph->arena, linear->weight->type, &SHAPE(linear->channels), err);
  bool is_scalar = bias != NULL && tensor_elements(bias) == 1;
  for (int64_t c = 0; shifted != NULL && c < linear->channels; c++) {
    double before = bias == NULL ? 0.0 : linear->bias_factor * tensor_get(bias, is_scalar ? 0 : c);
    tensor_set(shifted, c, before * affine->scale[c] + affine->shift[c]);
  }
  return shifted;
}

/* Makes `tensor` the node's input i; under the old name where nobody else reads that. */
static Status set_constant(const Linear *linear, int i, const char *base, Tensor *tensor, Error *err) {
  Node *node = linear->node;
  Value *old = node_input(node, i);
  if (tensor == NULL) return err->status;
  if (old != NULL && pass_only_user(old) == node) {
    old->constant = tensor;
    old->shape = tensor->shape;
    return OK;
  }
  Value *value = pass_new_constant(linear->graph, old != NULL ? old->name : base, tensor, err);
  if (value == NULL) return err->status;
  if (i < node->input_count) {
    node->inputs[i] = value;
    return OK;
  }
  Value **inputs = arena_new(&linear->graph->arena, (size_t)i + 1, sizeof *inputs, err);
  if (inputs == NULL) return err->status;
  for (int k = 0; k < node->input_count; k++) inputs[k] = node->inputs[k];
  inputs[i] = value;
  node->inputs = inputs;
  node->input_count = i + 1;
  return OK;
}

static Status set_weights(const Linear *linear, const Affine *affine, Error *err) {
  Node *node = linear->node;
  bool has_bias = linear->bias != NULL || affine_has_shift(affine);
  if (affine_has_scale(affine))
    TRY(set_constant(linear, 1, node->inputs[1]->name, scaled_weight(linear, affine, err), err));
  if (!has_bias) return OK;
  const char *base = arena_format(&linear->graph->arena, err, "%s_bias", node->name);
  if (base == NULL) return err->status;
  TRY(set_constant(linear, 2, base, shifted_bias(linear, affine, err), err));
  if (node_is(node, "MatMul")) node->type = "Gemm";
  return linear->bias_factor != 1.0 ? node_set_float(linear->graph, node, "beta", 1.0, err) : OK;
}

/* ---- the pass ---- */

static Status fold_at(const Linear *linear, Arena *scratch, int *rewrites, Error *err) {
  Affine affine, again;
  int count;
  if (pass_only_user(linear->node->outputs[0]) == NULL) return OK;
  TRY(affine_new(&affine, linear->channels, scratch, err));
  TRY(affine_new(&again, linear->channels, scratch, err));
  follow(linear, &affine, false, &count);
  if (count == 0 || !affine_is_finite(&affine)) return OK;
  TRY(set_weights(linear, &affine, err));
  Value *last = follow(linear, &again, true, &count);
  linear->node->outputs[0]->producer = NULL;
  linear->node->outputs[0] = last;
  last->producer = linear->node;
  *rewrites += count;
  return OK;
}

Status pass_fold_affine(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  (void)hooks;
  int before = *rewrites, count = graph->node_count;
  for (int n = 0; n < count; n++) {
    Linear linear;
    if (!describe(graph, graph->nodes[n], &linear)) continue;
    Arena scratch = {0};
    Status status = fold_at(&linear, &scratch, rewrites, err);
    arena_free(&scratch);
    if (status != OK) return status;
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
