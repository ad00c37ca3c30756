#include "quantize/layers.h"

#include "quantize/specs.h"

#include <math.h>
#include <string.h>

/* ---- biases ---- */

/* A bias of `count` values: copies of `old`'s, which may be one for all or NULL. */
static Tensor *bias_tensor(Graph *graph, const Tensor *old, const Shape *shape, Error *err) {
  Tensor *made = tensor_new(&graph->arena, ELEMENT_FLOAT32, shape, err);
  if (made == NULL || old == NULL) return made;
  int64_t count = tensor_elements(made), given = tensor_elements(old);
  for (int64_t i = 0; i < count; i++) tensor_set(made, i, tensor_get(old, given == 1 ? 0 : i));
  return made;
}

static Status give_input(Graph *graph, Node *node, int i, Value *value, Error *err) {
  if (i >= node->input_count) {
    Value **inputs = arena_new(&graph->arena, (size_t)i + 1, sizeof *inputs, err);
    if (inputs == NULL) return err->status;
    memcpy(inputs, node->inputs, (size_t)node->input_count * sizeof *inputs);
    node->inputs = inputs;
    node->input_count = i + 1;
  }
  node->inputs[i] = value;
  return OK;
}

static Value *add_bias(Graph *graph, const Node *node, const Tensor *tensor, Error *err) {
  Text base = {0};
  text_add(&base, "%s_bias", node->name);
  const char *name = text_status(&base, err) == OK ? graph_unused_name(graph, base.bytes, err) : NULL;
  text_free(&base);
  Value *value = name == NULL ? NULL : graph_add_constant(graph, name, tensor, err);
  QuantSpec *spec = value == NULL ? NULL : arena_new(&graph->arena, 1, sizeof *spec, err);
  if (spec == NULL) return NULL;
  *spec = (QuantSpec){.kind = QUANT_INTEGER, .bits = 32, .axis = -1};
  value->spec = spec;
  return value;
}

/* The bias at input `i` of `node`, which may be new or a copy that only this node reads. */
static Status own_bias(Graph *graph, Node *node, int i, Layer *layer, Error *err) {
  Value *old = node_input(node, i);
  const Tensor *constant = old == NULL ? NULL : old->constant;
  if (old != NULL && constant == NULL) return OK;
  bool is_wide = constant != NULL && tensor_elements(constant) == layer->outputs;
  if (constant != NULL && !is_wide && tensor_elements(constant) != 1) return OK;
  if (is_wide && old->user_count == 1 && constant->type == ELEMENT_FLOAT32) {
    layer->bias = old;
    return OK;
  }
  const Tensor *tensor =
      bias_tensor(graph, constant, is_wide ? &constant->shape : &SHAPE(layer->outputs), err);
  layer->bias = tensor == NULL ? NULL : add_bias(graph, node, tensor, err);
  return layer->bias == NULL ? err->status : give_input(graph, node, i, layer->bias, err);
}

static Status find_bias(Graph *graph, const NodePlan *plan, Layer *layer, Error *err) {
  Node *add = plan->bias_add;
  if (add != NULL) {
    layer->sum = add->outputs[0];
    return own_bias(graph, add, add->inputs[0] == layer->node->outputs[0] ? 1 : 0, layer, err);
  }
  if (plan->form.bias < 0 || layer->bias_factor == 0) return OK;
  return own_bias(graph, layer->node, plan->form.bias, layer, err);
}

/* ---- layers ---- */

static void conv_rows(Layer *layer) {
  const Tensor *weight = layer->weight->constant;
  int rank = weight->shape.rank;
  bool transposed = !node_is(layer->node, "Conv");
  layer->groups = node_int(layer->node, "group", 1);
  layer->outputs = transposed ? weight->shape.dims[1] * layer->groups : weight->shape.dims[0];
  layer->inputs = transposed ? weight->shape.dims[0] : weight->shape.dims[1] * layer->groups;
  layer->taps = shape_product(&weight->shape, 2, rank);
  layer->has_rows = !transposed;
  layer->depth = layer->row_stride = weight->shape.dims[1] * layer->taps;
  layer->weight_stride = 1;
  layer->sum_axis = layer->data_axis = 1;
}

static void matrix_rows(Layer *layer) {
  const Shape *shape = &layer->weight->constant->shape;
  bool rows = node_int(layer->node, "transB", 0) != 0;
  layer->groups = layer->taps = 1;
  layer->outputs = shape->dims[rows ? 0 : 1];
  layer->depth = layer->inputs = shape->dims[rows ? 1 : 0];
  layer->has_rows = true;
  layer->row_stride = rows ? layer->depth : 1;
  layer->weight_stride = rows ? 1 : layer->outputs;
  layer->sum_axis = layer->sum->shape.rank - 1;
  layer->data_axis = layer->data->shape.rank - 1;
}

static bool is_layer(const Node *node, const NodePlan *plan) {
  if (!plan->is_integer || !plan->is_linear || plan->role != ROLE_LINEAR) return false;
  const Value *weight = node->inputs[plan->form.weight], *data = node->inputs[plan->form.data];
  return weight->constant != NULL && weight->constant->type == ELEMENT_FLOAT32 && weight->spec != NULL &&
         !weight->spec->is_fixed && weight->spec->kind == QUANT_INTEGER && weight->spec->scale_count > 0 &&
         weight->spec->group_size == 0 && data->spec != NULL && data->spec->kind == QUANT_INTEGER &&
         data->spec->scale_count == 1 && data->has_shape && node->outputs[0] != NULL &&
         node->outputs[0]->has_shape && node_int(node, "transA", 0) == 0;
}

static Status make_layer(Graph *graph, Node *node, const NodePlan *plan, Layer *layer, Error *err) {
  *layer = (Layer){.node = node,
                   .data = node->inputs[plan->form.data],
                   .weight = node->inputs[plan->form.weight],
                   .sum = node->outputs[0],
                   .factor = node_is(node, "Gemm") ? node_float(node, "alpha", 1) : 1,
                   .bias_factor = node_is(node, "Gemm") ? node_float(node, "beta", 1) : 1};
  if (node_is(node, "Gemm") || node_is(node, "MatMul"))
    matrix_rows(layer);
  else
    conv_rows(layer);
  return find_bias(graph, plan, layer, err);
}

static Status find_all(Layers *layers, Graph *graph, const Plan *plan, Error *err) {
  layers->layers = arena_new(&layers->arena, (size_t)graph->node_count, sizeof(Layer), err);
  if (layers->layers == NULL) return err->status;
  for (int n = 0; n < graph->node_count; n++)
    if (is_layer(graph->nodes[n], &plan->nodes[n]))
      TRY(make_layer(graph, graph->nodes[n], &plan->nodes[n], &layers->layers[layers->count++], err));
  return graph_refresh(graph, err);
}

Status layers_find(Layers *layers, Graph *graph, Error *err) {
  Plan plan;
  QuantizeOptions options = quantize_defaults(); /* what they decide of the plan is not looked at */
  *layers = (Layers){0};
  Status status = plan_make(&plan, graph, &options, err);
  if (status == OK) status = find_all(layers, graph, &plan, err);
  plan_free(&plan);
  return status;
}

void layers_free(Layers *layers) {
  arena_free(&layers->arena);
}

/* ---- what methods do to them ---- */

Status layer_set_bits(Graph *graph, Layer *layer, int bits, Error *err) {
  const QuantSpec *old = layer->weight->spec;
  if (old->bits == bits) return OK;
  QuantSpec *spec = arena_new(&graph->arena, 1, sizeof *spec, err);
  float *scales = arena_new(&graph->arena, (size_t)old->scale_count, sizeof *scales, err);
  if (spec == NULL || scales == NULL) return err->status;
  double limit = layer_code_limit(layer), wanted = (double)((1 << (bits - 1)) - 1);
  for (int64_t i = 0; i < old->scale_count; i++) scales[i] = (float)((double)old->scales[i] * limit / wanted);
  *spec = *old;
  spec->bits = bits;
  spec->scales = scales;
  layer->weight->spec = spec;
  return OK;
}

double layer_least_scale(const Layer *layer, int64_t output) {
  if (layer->bias == NULL) return 0;
  double bias = fabs(tensor_get(layer->bias->constant, output) * layer->bias_factor);
  return bias /
         ((double)layer->data->spec->scales[0] * fabs(layer->factor) * bias_code_max(layer->data->spec));
}

/* A change that would take a bias beyond what its accumulator is sure to hold is left out. */
static bool bias_fits(const Layer *layer, int64_t output, double bias) {
  if (!layer->has_rows) return true;
  double unit = (double)layer->data->spec->scales[0] * layer_scale(layer, output) * fabs(layer->factor);
  return fabs(bias * layer->bias_factor) <= unit * bias_code_max(layer->data->spec);
}

Status layer_change_bias(Graph *graph, Layer *layer, const double *change, Error *err) {
  const Tensor *old = layer->bias->constant;
  Tensor *made = bias_tensor(graph, old, &old->shape, err);
  if (made == NULL) return err->status;
  for (int64_t o = 0; o < layer->outputs; o++) {
    double bias = tensor_get(old, o) + change[o] / layer->bias_factor;
    if (bias_fits(layer, o, bias)) tensor_set(made, o, bias);
  }
  layer->bias->constant = made;
  return OK;
}
