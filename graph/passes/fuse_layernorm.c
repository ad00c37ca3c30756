/* The mean, variance and scale of the last axis, written out, become LayerNormalization. */
#include "graph/passes/pass_tools.h"

#define LAYERNORM_OPSET 17

/* The value whose mean over its last axis, kept as an axis of 1, `value` is; NULL otherwise. */
static Value *mean_of(const Value *value) {
  const Node *mean = pass_producer(value, "ReduceMean");
  if (mean == NULL || node_int(mean, "keepdims", 1) != 1) return NULL;
  const Tensor *given = node_constant(mean, 1);
  const Attribute *attribute = node_attribute(mean, "axes");
  int64_t axis;
  if (given != NULL && tensor_elements(given) == 1 && given->type == ELEMENT_INT64)
    axis = tensor_get_integer(given, 0);
  else if (attribute != NULL && attribute->kind == ATTRIBUTE_INTS && attribute->count == 1)
    axis = attribute->ints[0];
  else
    return NULL;
  Value *x = mean->inputs[0];
  return axis == -1 || (x->has_shape && axis == x->shape.rank - 1) ? x : NULL;
}

/* x of x - mean(x), or NULL. */
static Value *centred(const Value *value) {
  const Node *sub = pass_producer(value, "Sub");
  return sub != NULL && mean_of(sub->inputs[1]) == sub->inputs[0] ? sub->inputs[0] : NULL;
}

/* What is squared, or NULL. */
static Value *squared(const Value *value) {
  const Node *pow_node = pass_producer(value, "Pow"), *mul = pass_producer(value, "Mul");
  double two;
  if (mul != NULL) return mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : NULL;
  Value *base = pass_operand(pow_node, false, &two);
  return base != NULL && two == 2.0 ? base : NULL;
}

/* x of sqrt(mean((x - mean(x))^2) + epsilon), or NULL. */
static Value *deviation(const Value *value, double *epsilon) {
  const Node *root = pass_producer(value, "Sqrt");
  if (root == NULL) return NULL;
  const Value *variance = pass_operand(pass_producer(root->inputs[0], "Add"), true, epsilon);
  const Value *square = variance == NULL ? NULL : mean_of(variance);
  const Value *difference = square == NULL ? NULL : squared(square);
  return difference == NULL ? NULL : centred(difference);
}

/* A constant vector along the last axis of x, beside `value` in `node`; NULL otherwise. */
static Value *vector_beside(const Node *node, const Value *value, const Value *x) {
  if (node == NULL || node->input_count != 2) return NULL;
  Value *other = node->inputs[0] == value ? node->inputs[1] : node->inputs[0];
  if (other == NULL || other->constant == NULL || other->shape.rank != 1 || other->type != x->type)
    return NULL;
  return other->shape.dims[0] == x->shape.dims[x->shape.rank - 1] ? other : NULL;
}

static Status fuse_at(Graph *graph, Node *div, int *rewrites, Error *err) {
  double epsilon;
  Value *x = centred(div->inputs[0]);
  if (x == NULL || deviation(div->inputs[1], &epsilon) != x) return OK;
  if (!element_is_float(x->type) || !x->has_shape || x->shape.rank < 1) return OK;
  Node *mul = pass_only_user(div->outputs[0]);
  Value *scale = node_is(mul, "Mul") ? vector_beside(mul, div->outputs[0], x) : NULL;
  if (scale == NULL) return OK;
  Node *add = pass_only_user(mul->outputs[0]);
  Value *bias = node_is(add, "Add") ? vector_beside(add, mul->outputs[0], x) : NULL;
  Node *node = pass_replace(graph, bias != NULL ? add : mul, "LayerNormalization", LAYERNORM_OPSET,
                            (Value *[]){x, scale, bias}, bias != NULL ? 3 : 2, err);
  if (node == NULL) return err->status;
  if (bias != NULL) node_remove(mul);
  node_remove(div);
  ++*rewrites;
  TRY(node_set_int(graph, node, "axis", -1, err));
  return node_set_float(graph, node, "epsilon", epsilon, err);
}

Status pass_fuse_layernorm(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  if (!hooks->supports("LayerNormalization", LAYERNORM_OPSET)) return OK;
  int count = graph->node_count, before = *rewrites;
  for (int n = 0; n < count; n++)
    if (node_is(graph->nodes[n], "Div") && graph->nodes[n]->input_count == 2)
      TRY(fuse_at(graph, graph->nodes[n], rewrites, err));
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
