/* Types and shapes of a whole graph, and the helpers that inference functions use. */
#include "operators/op.h"

#include <stdlib.h>
#include <string.h>

void infer_set(Infer *infer, int i, ElementType type, const Shape *shape) {
  infer->out[i].type = type;
  infer->out[i].has_shape = true;
  infer->out[i].shape = *shape;
}

Status infer_same(Infer *infer) {
  infer->out[0] = infer->in[0];
  infer->out[0].present = true;
  infer->out[0].constant = NULL;
  return OK;
}

bool infer_elements(const Infer *infer, int i, int *count, const Dim **elements) {
  if (i >= infer->input_count || !infer->in[i].present || !infer->in[i].has_elements) return false;
  *count = (int)shape_elements(&infer->in[i].shape);
  *elements = infer->in[i].elements;
  return true;
}

/* Fills the followed elements from the content of a small integer tensor. */
static void follow_constant(InferValue *value) {
  const Tensor *tensor = value->constant;
  int64_t count = tensor_elements(tensor);
  if (!element_is_integer(tensor->type) || count > INFER_MAX_ELEMENTS) return;
  value->has_elements = true;
  for (int64_t i = 0; i < count; i++) {
    int64_t number = tensor_get_integer(tensor, i);
    value->elements[i] = number < 0 ? DIM_UNKNOWN : number; /* below 0 they would be taken for symbols */
  }
}

void infer_value_of(const Tensor *tensor, InferValue *value) {
  value->present = true;
  value->type = tensor->type;
  value->has_shape = true;
  value->shape = tensor->shape;
  value->constant = tensor;
  value->has_elements = false;
  follow_constant(value);
}

static Status check_types(const Node *node, const InferValue *in, Error *err) {
  const Port *port = node->op->inputs;
  for (int i = 0; i < node->input_count; i++) {
    if (in[i].present && in[i].type != ELEMENT_NONE && !element_in(in[i].type, port->types))
      return fail(err, BAD_INPUT, "node '%s' (%s): input %d ('%s') cannot be %s", node->name, node->type, i,
                  port->name, element_name(in[i].type));
    if (!port_is_variadic(port->kind)) port++;
  }
  return OK;
}

Status op_infer_node(const Node *node, const InferValue *in, InferValue *out, Error *err) {
  TRY(check_types(node, in, err));
  for (int i = 0; i < node->output_count; i++) {
    out[i].present = node->outputs[i] != NULL;
    out[i].type = ELEMENT_NONE;
    out[i].has_shape = out[i].has_elements = false;
    out[i].constant = NULL;
  }
  Infer infer = {.node = node,
                 .params = node->params,
                 .input_count = node->input_count,
                 .output_count = node->output_count,
                 .in = in,
                 .out = out,
                 .err = err};
  return node->version->infer(&infer);
}

/* What is known of a value at its place in the graph. */
static void describe(const Value *value, InferValue *known) {
  if (value->constant != NULL) {
    infer_value_of(value->constant, known);
    return;
  }
  known->present = true;
  known->type = value->type;
  known->has_shape = value->has_shape;
  known->shape = value->shape;
  known->constant = NULL;
}

static Status refuse(const Graph *graph, const Node *node, const Value *value, const Shape *inferred,
                     Error *err) {
  Text declared = {0}, computed = {0};
  shape_print(&declared, &value->shape, graph);
  shape_print(&computed, inferred, graph);
  Status status =
      fail(err, BAD_INPUT, "node '%s' (%s): output '%s' is declared as %s, but its inputs make it %s",
           node->name, node->type, value->name, declared.failed ? "?" : declared.bytes,
           computed.failed ? "?" : computed.bytes);
  text_free(&declared);
  text_free(&computed);
  return status;
}

/* Joins what is declared with what was inferred: known dimensions win over symbols. */
static Status join_shape(const Graph *graph, const Node *node, Value *value, InferValue *inferred,
                         Error *err) {
  if (!inferred->has_shape) return OK;
  bool fits = !value->has_shape || value->shape.rank == inferred->shape.rank;
  Shape joined = inferred->shape;
  for (int d = 0; fits && value->has_shape && d < joined.rank; d++) {
    Dim declared = value->shape.dims[d];
    if (!dim_is_known(joined.dims[d]) && declared != DIM_UNKNOWN) joined.dims[d] = declared;
    fits = !dim_is_known(declared) || joined.dims[d] == declared;
  }
  if (!fits) return refuse(graph, node, value, &inferred->shape, err);
  value->has_shape = true;
  value->shape = inferred->shape = joined;
  return OK;
}

static Status join(const Graph *graph, const Node *node, Value *value, InferValue *inferred, Error *err) {
  if (inferred->type != ELEMENT_NONE) {
    if (value->type != ELEMENT_NONE && value->type != inferred->type)
      return fail(err, BAD_INPUT, "node '%s' (%s): output '%s' is declared as %s, but is %s", node->name,
                  node->type, value->name, element_name(value->type), element_name(inferred->type));
    value->type = inferred->type;
  }
  TRY(join_shape(graph, node, value, inferred, err));
  inferred->type = value->type;
  inferred->has_shape = value->has_shape;
  inferred->shape = value->shape;
  return OK;
}

/* Memory for one node's inputs and outputs, grown as needed. */
typedef struct NodeValues {
  InferValue *values;
  size_t capacity;
} NodeValues;

static Status reserve(NodeValues *memory, const Node *node, Error *err) {
  size_t needed = (size_t)node->input_count + (size_t)node->output_count;
  if (needed <= memory->capacity) return OK;
  InferValue *grown = realloc(memory->values, needed * sizeof *grown);
  if (grown == NULL) return fail_memory(err);
  memory->values = grown;
  memory->capacity = needed;
  return OK;
}

/* What the graph around a body says of what the body takes from it. */
static void describe_captured(const Graph *outer, Graph *body) {
  for (int v = 0; v < body->value_count; v++) {
    Value *inner = body->values[v];
    const Value *outside = value_is_captured(inner) ? graph_find_value(outer, inner->name) : NULL;
    if (outside == NULL) continue;
    inner->type = outside->type;
    inner->has_shape = outside->has_shape;
    inner->shape = outside->shape;
    inner->constant = outside->constant; /* lives as long: in the arena of a graph around it */
  }
}

/* A body's inputs stand at the places of the node's own; a Scan before opset 9 has its lengths in front. */
static void describe_body_inputs(const Node *node, Graph *body) {
  int lead = node->input_count - body->input_count;
  for (int i = 0; lead >= 0 && i < body->input_count; i++) {
    const Value *given = node->inputs[i + lead];
    bool is_whole = given != NULL && given->type != ELEMENT_SEQUENCE; /* a SequenceMap's body takes items */
    if (body->inputs[i]->type == ELEMENT_NONE && is_whole) body->inputs[i]->type = given->type;
  }
}

/* A branch that does not fit its inputs may be one that is never taken: if it is, the run says why. */
static Status infer_bodies(const Graph *graph, const Node *node, Error *err) {
  for (int a = 0; a < node->attribute_count; a++) {
    Graph *body = node->attributes[a].graph;
    Error own = {0};
    if (body == NULL) continue;
    describe_captured(graph, body);
    describe_body_inputs(node, body);
    if (op_infer_graph(body, &own) == SYSTEM) return fail(err, SYSTEM, "%s", own.text);
  }
  return OK;
}

/* `known` has a place for each value of the graph: what is followed beyond type and shape stays there. */
static Status infer_node(Graph *graph, Node *node, InferValue *known, NodeValues *memory, Error *err) {
  TRY(reserve(memory, node, err));
  InferValue *in = memory->values, *out = in + node->input_count;
  for (int i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != NULL)
      in[i] = known[node->inputs[i]->index];
    else
      in[i].present = in[i].has_shape = in[i].has_elements = false, in[i].constant = NULL;
  }
  TRY(infer_bodies(graph, node, err));
  TRY(op_infer_node(node, in, out, err));
  for (int i = 0; i < node->output_count; i++) {
    if (node->outputs[i] == NULL) continue;
    TRY(join(graph, node, node->outputs[i], &out[i], err));
    known[node->outputs[i]->index] = out[i];
  }
  return OK;
}

Status op_infer_graph(Graph *graph, Error *err) {
  InferValue *known = calloc((size_t)graph->value_count + 1, sizeof *known);
  if (known == NULL) return fail_memory(err);
  NodeValues memory = {0};
  for (int v = 0; v < graph->value_count; v++) describe(graph->values[v], &known[v]);
  Status status = OK;
  for (int n = 0; n < graph->node_count && status == OK; n++)
    status = infer_node(graph, graph->nodes[n], known, &memory, err);
  free(memory.values);
  free(known);
  return status;
}
