#include "distill/training_form.h"

#include <string.h>

#define OPSET_OF_TRAINING 15 /* BatchNormalization and Dropout have their training modes from here on */

static Value *scalar(Graph *graph, ElementType type, double number, const char *name, Error *err) {
  Tensor *tensor = tensor_new(&graph->arena, type, &SHAPE_SCALAR, err);
  if (tensor == NULL) return NULL;
  tensor_set(tensor, 0, number);
  const char *unused = graph_unused_name(graph, name, err);
  return unused == NULL ? NULL : graph_add_constant(graph, unused, tensor, err);
}

static Value *new_value(Graph *graph, const char *name, Error *err) {
  const char *unused = graph_unused_name(graph, name, err);
  return unused == NULL ? NULL : graph_add_value(graph, unused, err);
}

/* ---- BatchNormalization ---- */

static Status train_normalization(Graph *graph, Node *node, Error *err) {
  TRY(node_set_int(graph, node, "training_mode", 1, err));
  Value **outputs = arena_new(&graph->arena, 3, sizeof *outputs, err);
  if (outputs == NULL) return err->status;
  outputs[0] = node->outputs[0];
  for (int i = 1; i < 3; i++) {
    outputs[i] = new_value(graph, i == 1 ? "running_mean" : "running_var", err);
    if (outputs[i] == NULL) return err->status;
    outputs[i]->producer = node;
  }
  node->outputs = outputs;
  node->output_count = 3;
  node->opset = OPSET_OF_TRAINING;
  return OK;
}

/* ---- Dropout ---- */

/* The inputs of a Dropout of `data` in training mode. */
static Status dropout_inputs(Graph *graph, Value *data, double ratio, Value **inputs, Error *err) {
  inputs[0] = data;
  inputs[1] = scalar(graph, ELEMENT_FLOAT32, ratio, "dropout_ratio", err);
  inputs[2] = inputs[1] == NULL ? NULL : scalar(graph, ELEMENT_BOOL, 1, "dropout_training", err);
  return inputs[2] != NULL ? OK : err->status;
}

static Status train_dropout(Graph *graph, Node *node, Error *err) {
  double ratio = node_float(node, "ratio", 0.5);
  if (node_input(node, 1) != NULL && !value_scalar(node_input(node, 1), &ratio))
    return fail(err, UNSUPPORTED, "node '%s' (Dropout): its ratio is computed, and is needed as a constant",
                node->name);
  Value **inputs = arena_new(&graph->arena, 3, sizeof *inputs, err);
  if (inputs == NULL) return err->status;
  TRY(dropout_inputs(graph, node->inputs[0], ratio, inputs, err));
  node->inputs = inputs;
  node->input_count = 3;
  node->opset = OPSET_OF_TRAINING;
  return OK;
}

static Status drop_before(Graph *graph, Node *node, int input, double ratio, Error *err) {
  Value *inputs[3], *dropped = new_value(graph, "dropped", err);
  if (dropped == NULL) return err->status;
  TRY(dropout_inputs(graph, node->inputs[input], ratio, inputs, err));
  const char *name = graph_unused_name(graph, "dropout", err);
  if (name == NULL) return err->status;
  Node *dropout = graph_add_node(graph, name, "", "Dropout", inputs, 3, &dropped, 1, err);
  if (dropout == NULL) return err->status;
  dropout->opset = OPSET_OF_TRAINING;
  node->inputs[input] = dropped;
  return OK;
}

/* Whether the value is a model's input, perhaps in another shape. */
static bool is_from_input(const Value *value) {
  while (value->producer != NULL && value->producer->op != NULL && value->producer->op->is_alias)
    value = value->producer->inputs[0];
  return value->is_input;
}

static Status insert_dropout(Graph *graph, Node *node, const DropoutRatios *ratios, Error *err) {
  LinearForm form;
  if (!node_is(node, "Gemm") && !node_is(node, "MatMul")) return OK;
  TRY(node->op->linear(node, &form, err));
  Value *data = node_input(node, form.data);
  if (data == NULL || data->constant != NULL || node_constant(node, form.weight) == NULL) return OK;
  double ratio = is_from_input(data) ? ratios->input : ratios->hidden;
  return ratio > 0 ? drop_before(graph, node, form.data, ratio, err) : OK;
}

static Status change(Graph *graph, Node *node, const DropoutRatios *ratios, Error *err) {
  if (node_is(node, "BatchNormalization")) return train_normalization(graph, node, err);
  if (node_is(node, "Dropout")) return train_dropout(graph, node, err);
  return insert_dropout(graph, node, ratios, err);
}

Status training_form(Graph *graph, const DropoutRatios *ratios, Error *err) {
  int count = graph->node_count;
  for (int n = 0; n < count; n++) TRY(change(graph, graph->nodes[n], ratios, err));
  TRY(graph_refresh(graph, err));
  TRY(op_bind_graph(graph, err));
  return op_infer_graph(graph, err);
}
