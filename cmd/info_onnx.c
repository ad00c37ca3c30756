/* info_onnx.c - looks at an ONNX model: shapes with their symbols first, then, with a batch of one, the work.
 */
#include "cmd/info_onnx.h"

#include "cmd/input_shapes.h"

#include <string.h>

/* ---- shapes ---- */

static bool is_shape_given(const Options *options, const char *input) {
  int count;
  const OptionPair *pairs = options_pairs(options, "shape", &count);
  for (int i = 0; i < count; i++)
    if (strcmp(pairs[i].name, input) == 0) return true;
  return false;
}

static Status bind_given_shapes(OnnxFacts *facts, const Options *options, Error *err) {
  Graph *graph = facts->model.graph;
  InputPort *ports = arena_new(&facts->arena, (size_t)graph->input_count, sizeof *ports, err);
  if (ports == NULL) return err->status;
  for (int i = 0; i < graph->input_count; i++) {
    const Value *value = graph->inputs[i];
    ports[i] = (InputPort){value->name, value->type, value->has_shape, value->shape};
  }
  TRY(input_shapes_check_names(options, ports, graph->input_count, err));
  for (int i = 0; i < graph->input_count; i++) {
    Shape shape;
    int64_t rows;
    if (!is_shape_given(options, ports[i].name)) continue;
    TRY(input_shape_settle(options, &ports[i], NULL, LAYOUT_AS_IS, NULL, &shape, &rows, err));
    TRY(graph_bind_input(graph, graph->inputs[i], &shape, err));
  }
  return OK;
}

/* An open first dimension is the batch. False where another one is open too. */
static bool close_batch(const Value *input, Shape *shape) {
  *shape = input->shape;
  if (input->has_shape && shape->rank > 0 && !dim_is_known(shape->dims[0])) shape->dims[0] = 1;
  return input->has_shape && shape_is_known(shape);
}

static Status bind_batch(OnnxFacts *facts, Error *err) {
  Graph *graph = facts->model.graph;
  facts->macs_known = true;
  for (int i = 0; i < graph->input_count; i++) {
    Shape shape;
    if (!close_batch(graph->inputs[i], &shape))
      facts->macs_known = false;
    else
      TRY(graph_bind_input(graph, graph->inputs[i], &shape, err));
  }
  return facts->macs_known ? model_infer(&facts->model, err) : OK;
}

/* ---- nodes ---- */

static int64_t parameters_of(const Node *node) {
  int64_t count = 0;
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value != NULL && value->constant != NULL && element_is_float(value->type) && value->user_count > 0 &&
        value->users[0] == node)
      count += tensor_elements(value->constant);
  }
  return count;
}

static void look_at_node(const Node *node, NodeFacts *facts) {
  const Value *result = NULL;
  for (int i = 0; i < node->output_count && result == NULL; i++) result = node->outputs[i];
  *facts =
      (NodeFacts){.node = node, .name = node->name, .type = node->type, .parameters = parameters_of(node)};
  if (result != NULL && result->has_shape) {
    facts->has_shape = true;
    facts->shape = result->shape;
  }
}

static Status look_at_nodes(OnnxFacts *facts, Error *err) {
  const Graph *graph = facts->model.graph;
  facts->nodes = arena_new(&facts->arena, (size_t)graph->node_count, sizeof *facts->nodes, err);
  if (facts->nodes == NULL) return err->status;
  for (int n = 0; n < graph->node_count; n++)
    if (!node_is(graph->nodes[n], "Constant"))
      look_at_node(graph->nodes[n], &facts->nodes[facts->node_count++]);
  return OK;
}

static Shape *copy_shapes(OnnxFacts *facts, Value *const *values, int count, Error *err) {
  Shape *shapes = arena_new(&facts->arena, (size_t)count, sizeof *shapes, err);
  for (int i = 0; i < count && shapes != NULL; i++) shapes[i] = values[i]->shape;
  return shapes;
}

static void count_macs(OnnxFacts *facts) {
  for (int i = 0; i < facts->node_count && facts->macs_known; i++) {
    const Node *node = facts->nodes[i].node;
    if (node->op->cost != NULL) facts->nodes[i].macs = node->op->cost(node).macs;
  }
}

/* Nodes that passes removed have no type any more. */
static Status find_roles(OnnxFacts *facts, Error *err) {
  TRY(model_clean(&facts->model, err));
  for (int i = 0; i < facts->node_count; i++) {
    NodeFacts *node = &facts->nodes[i];
    node->role = node->node->type == NULL ? ROLE_FOLDED : (int)op_role(node->node, &node->reason);
  }
  return OK;
}

const char *role_text(int role) {
  return role == ROLE_FOLDED ? "folded" : op_role_name((OpRole)role);
}

/* ---- operators ---- */

static OperatorFacts *operator_of(OnnxFacts *facts, const char *name) {
  for (int i = 0; i < facts->operator_count; i++)
    if (strcmp(facts->operators[i].name, name) == 0) return &facts->operators[i];
  OperatorFacts *made = &facts->operators[facts->operator_count++];
  made->name = name;
  return made;
}

static Status sum_operators(OnnxFacts *facts, Error *err) {
  facts->operators = arena_new(&facts->arena, (size_t)facts->node_count, sizeof *facts->operators, err);
  if (facts->operators == NULL) return err->status;
  for (int i = 0; i < facts->node_count; i++) {
    const NodeFacts *node = &facts->nodes[i];
    OperatorFacts *sum = operator_of(facts, node->type);
    sum->nodes++;
    sum->parameters += node->parameters;
    sum->macs += node->macs;
    sum->by_role[node->role]++;
  }
  return OK;
}

Status onnx_facts(OnnxFacts *facts, const Options *options, const char *path, Error *err) {
  *facts = (OnnxFacts){0};
  TRY(model_open(&facts->model, path, err));
  Graph *graph = facts->model.graph;
  TRY(bind_given_shapes(facts, options, err));
  TRY(model_infer(&facts->model, err));
  TRY(look_at_nodes(facts, err));
  facts->inputs = copy_shapes(facts, graph->inputs, graph->input_count, err);
  facts->outputs = copy_shapes(facts, graph->outputs, graph->output_count, err);
  if (facts->inputs == NULL || facts->outputs == NULL) return err->status;
  TRY(bind_batch(facts, err));
  count_macs(facts);
  TRY(find_roles(facts, err));
  return sum_operators(facts, err);
}

void onnx_facts_free(OnnxFacts *facts) {
  arena_free(&facts->arena);
  model_close(&facts->model);
}
