/* Nodes that give what they get: Identity, Dropout at inference, and moves that move nothing. */
#include "graph/passes/pass_tools.h"

#include <string.h>

static bool always(const Node *node) {
  (void)node;
  return true;
}

static bool is_single(const Node *node) {
  return node->input_count == 1;
}

/* Dropout does something only in training, which is asked for by input 2 since opset 12. */
static bool is_inference(const Node *node) {
  double training;
  const Value *mode = node_input(node, 2);
  return mode == NULL || (value_scalar(mode, &training) && training == 0.0);
}

static bool keeps_type(const Node *node) {
  return node->inputs[0]->type != ELEMENT_NONE && node->inputs[0]->type == node->outputs[0]->type;
}

static bool keeps_shape(const Node *node) {
  return pass_same_shape(node->inputs[0], node->outputs[0]);
}

static bool keeps_order(const Node *node) {
  const Attribute *perm = node_attribute(node, "perm");
  const Value *x = node->inputs[0];
  if (perm == NULL) return x->has_shape && x->shape.rank <= 1;
  for (size_t i = 0; i < perm->count; i++)
    if (perm->ints[i] != (int64_t)i) return false;
  return perm->kind == ATTRIBUTE_INTS;
}

/* All elements of an input (or of the attribute that stood for it in older opsets) are `number`. */
static bool all_are(const Node *node, int input, const char *name, int64_t number) {
  const Tensor *tensor = node_constant(node, input);
  const Attribute *attribute = node_attribute(node, name);
  int64_t count = tensor != NULL      ? tensor_elements(tensor)
                  : attribute != NULL ? (int64_t)attribute->count
                                      : -1;
  if (tensor == NULL && (attribute == NULL || attribute->kind != ATTRIBUTE_INTS)) return false;
  for (int64_t i = 0; i < count; i++)
    if ((tensor != NULL ? tensor_get_integer(tensor, i) : attribute->ints[i]) != number) return false;
  return true;
}

static bool pads_nothing(const Node *node) {
  return all_are(node, 1, "pads", 0);
}

/* A slice of the whole may still go backwards. */
static bool slices_nothing(const Node *node) {
  bool goes_forward = node_input(node, 4) == NULL || all_are(node, 4, "steps", 1);
  return goes_forward && keeps_shape(node);
}

static const struct {
  const char *type;
  bool (*changes_nothing)(const Node *node);
} candidates[] = {
    {"Identity", always},     {"Dropout", is_inference}, {"Cast", keeps_type},
    {"Reshape", keeps_shape}, {"Flatten", keeps_shape},  {"Squeeze", keeps_shape},
    {"Expand", keeps_shape},  {"Tile", keeps_shape},     {"Transpose", keeps_order},
    {"Pad", pads_nothing},    {"Slice", slices_nothing}, {"Concat", is_single},
    {"Sum", is_single},       {"Max", is_single},        {"Min", is_single},
    {"Mean", is_single},
};

static bool is_identity(const Node *node) {
  if (node->input_count < 1 || node->inputs[0] == NULL || node->outputs[0] == NULL) return false;
  for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
    if (node_is(node, candidates[i].type)) return candidates[i].changes_nothing(node);
  return false;
}

/* Dropout's mask is nobody's, and no body reads the output by its name. */
static bool is_free(const Node *node) {
  for (int i = 1; i < node->output_count; i++)
    if (node->outputs[i] != NULL && (node->outputs[i]->user_count > 0 || node->outputs[i]->is_output))
      return false;
  return !pass_is_captured(node->outputs[0]);
}

static void read_instead(const Value *from, Value *to) {
  for (int u = 0; u < from->user_count; u++)
    for (int i = 0; i < from->users[u]->input_count; i++)
      if (from->users[u]->inputs[i] == from) from->users[u]->inputs[i] = to;
}

/* Readers of the output read the input. */
static Status drop_inner(Graph *graph, int *rewrites, Error *err) {
  int before = *rewrites;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    if (!is_identity(node) || node->outputs[0]->is_output || !is_free(node)) continue;
    read_instead(node->outputs[0], node->inputs[0]);
    node_remove(node);
    ++*rewrites;
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}

static bool can_rename(const Value *value) {
  return value->producer != NULL && !value->is_output && !pass_is_captured(value);
}

/* An output of the graph keeps its name: what made the node's input makes the output itself. */
static Status drop_last(Graph *graph, int *rewrites, Error *err) {
  int before = *rewrites;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    if (!is_identity(node) || !node->outputs[0]->is_output || !is_free(node)) continue;
    Value *inner = node->inputs[0], *output = node->outputs[0];
    if (!can_rename(inner)) continue;
    Node *producer = inner->producer;
    for (int i = 0; i < producer->output_count; i++)
      if (producer->outputs[i] == inner) producer->outputs[i] = output;
    output->producer = producer;
    inner->producer = NULL;
    read_instead(inner, output);
    node_remove(node);
    ++*rewrites;
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}

Status pass_drop_identity(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  (void)hooks;
  TRY(drop_inner(graph, rewrites, err));
  return drop_last(graph, rewrites, err);
}
