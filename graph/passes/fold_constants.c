/* Nodes whose inputs are all constant are computed once; so is the Shape or Size of what has a known shape.
 */
#include "graph/passes/pass_tools.h"

#include <string.h>

/* Operators that give something else each time, or may. */
static bool is_random(const Node *node) {
  return node_is(node, "Bernoulli") || node_is(node, "Multinomial") ||
         (node->domain[0] == '\0' && strncmp(node->type, "Random", strlen("Random")) == 0);
}

static bool is_constant(const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL) return false;
  for (int a = 0; a < node->attribute_count; a++)
    if (node->attributes[a].graph != NULL) return false;
  return !is_random(node);
}

static void make_constant(Value *value, const Tensor *tensor) {
  value->constant = tensor;
  value->type = tensor->type;
  value->has_shape = true;
  value->shape = tensor->shape;
}

static int64_t within(int64_t index, int rank) {
  if (index < 0) index += rank;
  return index < 0 ? 0 : index > rank ? rank : index;
}

/* Shape, from axis `start` to before axis `end`. */
static Tensor *shape_tensor(Graph *graph, const Node *node, const Shape *shape, Error *err) {
  int64_t start = within(node_int(node, "start", 0), shape->rank);
  int64_t end = within(node_int(node, "end", shape->rank), shape->rank);
  int64_t count = end > start ? end - start : 0;
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_INT64, &SHAPE(count), err);
  for (int64_t i = 0; tensor != NULL && i < count; i++) tensor_set_integer(tensor, i, shape->dims[start + i]);
  return tensor;
}

static Tensor *size_tensor(Graph *graph, const Shape *shape, Error *err) {
  Tensor *tensor = tensor_new(&graph->arena, ELEMENT_INT64, &SHAPE_SCALAR, err);
  if (tensor != NULL) tensor_set_integer(tensor, 0, shape_elements(shape));
  return tensor;
}

static Status fold_shape(Graph *graph, Node *node, bool *folded, Error *err) {
  const Value *input = node_input(node, 0);
  *folded = false;
  if (input == NULL || !input->has_shape || !shape_is_known(&input->shape)) return OK;
  if (shape_elements(&input->shape) < 0 || node->outputs[0] == NULL) return OK;
  Tensor *tensor = node_is(node, "Shape") ? shape_tensor(graph, node, &input->shape, err)
                                          : size_tensor(graph, &input->shape, err);
  if (tensor == NULL) return err->status;
  make_constant(node->outputs[0], tensor);
  *folded = true;
  return OK;
}

/* A Constant's tensor is there already and need not be copied. */
static bool fold_tensor(const Node *node) {
  const Attribute *attribute = node_attribute(node, "value");
  if (attribute == NULL || attribute->tensor == NULL || node->outputs[0] == NULL) return false;
  make_constant(node->outputs[0], attribute->tensor);
  return true;
}

Status pass_fold_constants(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  int before = *rewrites;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    bool folded = false;
    if (node_is(node, "Shape") || node_is(node, "Size"))
      TRY(fold_shape(graph, node, &folded, err));
    else if (node_is(node, "Constant"))
      folded = fold_tensor(node);
    if (!folded && is_constant(node)) TRY(hooks->evaluate(graph, node, &folded, err));
    if (!folded) continue;
    node_remove(node);
    ++*rewrites;
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
