/* What passes ask of values and nodes, and how they put new ones in. */
#include "graph/passes/pass_tools.h"

#include <math.h>

static int count_reads(const Node *node, const Value *value) {
  int count = 0;
  for (int i = 0; i < node->input_count; i++) count += node->inputs[i] == value;
  return count;
}

bool pass_is_captured(const Value *value) {
  for (int u = 0; u < value->user_count; u++) {
    const Node *user = value->users[u];
    for (int a = 0; a < user->attribute_count; a++)
      if (user->attributes[a].graph != NULL &&
          graph_find_value(user->attributes[a].graph, value->name) != NULL)
        return true;
  }
  return false;
}

Node *pass_producer(const Value *value, const char *type) {
  if (value == NULL || !node_is(value->producer, type)) return NULL;
  return value->producer->outputs[0] == value ? value->producer : NULL;
}

Node *pass_only_producer(const Value *value, const char *type) {
  Node *node = pass_producer(value, type);
  return node != NULL && value_has_one_user(value) ? node : NULL;
}

Node *pass_only_user(const Value *value) {
  if (value == NULL || !value_has_one_user(value)) return NULL;
  Node *user = value->users[0];
  return user->type != NULL && count_reads(user, value) == 1 ? user : NULL;
}

Value *pass_operand(const Node *node, bool is_commutative, double *scalar) {
  if (node == NULL || node->input_count != 2) return NULL;
  if (value_scalar(node->inputs[1], scalar)) return node->inputs[0];
  return is_commutative && value_scalar(node->inputs[0], scalar) ? node->inputs[1] : NULL;
}

bool pass_is_about(double value, double meant) {
  return fabs(value - meant) <= 1e-6 * fabs(meant);
}

bool pass_same_shape(const Value *a, const Value *b) {
  if (!a->has_shape || !b->has_shape || a->shape.rank != b->shape.rank) return false;
  for (int d = 0; d < a->shape.rank; d++)
    if (a->shape.dims[d] == DIM_UNKNOWN || a->shape.dims[d] != b->shape.dims[d]) return false;
  return true;
}

Value *pass_new_constant(Graph *graph, const char *base, Tensor *tensor, Error *err) {
  const char *name = graph_unused_name(graph, base, err);
  return name == NULL ? NULL : graph_add_constant(graph, name, tensor, err);
}

Node *pass_replace(Graph *graph, Node *last, const char *type, int64_t opset, Value *const *inputs,
                   int input_count, Error *err) {
  Node *node = graph_add_node(graph, last->name, "", type, inputs, input_count, last->outputs, 1, err);
  if (node == NULL) return NULL;
  node->opset = opset;
  node_remove(last);
  return node;
}
