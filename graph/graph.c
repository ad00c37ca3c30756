#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Graph *graph_new(Error *err) {
  Graph *graph = calloc(1, sizeof *graph);
  if (graph == NULL) {
    fail_memory(err);
    return NULL;
  }
  graph->name = graph->producer = "";
  return graph;
}

static void free_bodies(Graph *graph) {
  for (int n = 0; n < graph->node_count; n++)
    for (int a = 0; a < graph->nodes[n]->attribute_count; a++)
      graph_free(graph->nodes[n]->attributes[a].graph);
}

void graph_free(Graph *graph) {
  if (graph == NULL) return;
  free_bodies(graph);
  free(graph->nodes);
  free(graph->values);
  free(graph->inputs);
  free(graph->outputs);
  free(graph->symbols);
  arena_free(&graph->arena);
  free(graph);
}

void graph_release(const Graph *graph) {
  arena_release(&graph->arena);
  if (graph->weights != NULL) arena_release(graph->weights);
}

static bool is_default_domain(const char *domain) {
  return domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0;
}

int64_t graph_opset(const Graph *graph, const char *domain) {
  for (const Graph *at = graph; at != NULL; at = at->outer)
    for (int i = 0; i < at->opset_count; i++) {
      const char *known = at->opsets[i].domain;
      if (strcmp(known, domain) == 0 || (is_default_domain(known) && is_default_domain(domain)))
        return at->opsets[i].version;
    }
  return 0;
}

Value *graph_add_value(Graph *graph, const char *name, Error *err) {
  Value *value = arena_new(&graph->arena, 1, sizeof *value, err);
  if (value == NULL) return NULL;
  value->name = arena_text(&graph->arena, name, err);
  if (value->name == NULL) return NULL;
  if (array_grow(&graph->values, (size_t)graph->value_count, &graph->value_capacity, sizeof(Value *), err) !=
      OK)
    return NULL;
  value->index = graph->value_count;
  graph->values[graph->value_count++] = value;
  return value;
}

Value *graph_add_input(Graph *graph, const char *name, ElementType type, const Shape *shape, Error *err) {
  Value *value = graph_add_value(graph, name, err);
  if (value == NULL) return NULL;
  value->type = type;
  value->is_input = true;
  if (shape != NULL) {
    value->has_shape = true;
    value->shape = *shape;
  }
  if (array_grow(&graph->inputs, (size_t)graph->input_count, &graph->input_capacity, sizeof(Value *), err) !=
      OK)
    return NULL;
  graph->inputs[graph->input_count++] = value;
  return value;
}

Value *graph_add_constant(Graph *graph, const char *name, const Tensor *tensor, Error *err) {
  Value *value = graph_add_value(graph, name, err);
  if (value == NULL) return NULL;
  value->type = tensor->type;
  value->has_shape = true;
  value->shape = tensor->shape;
  value->constant = tensor;
  return value;
}

Status graph_add_output(Graph *graph, Value *value, Error *err) {
  TRY(array_grow(&graph->outputs, (size_t)graph->output_count, &graph->output_capacity, sizeof(Value *),
                 err));
  graph->outputs[graph->output_count++] = value;
  value->is_output = true;
  return OK;
}

static Value **copy_values(Graph *graph, Value *const *values, int count, Error *err) {
  Value **copy = arena_new(&graph->arena, (size_t)count, sizeof *copy, err);
  if (copy != NULL && count > 0) memcpy(copy, values, (size_t)count * sizeof *copy);
  return copy;
}

Node *graph_add_node(Graph *graph, const char *name, const char *domain, const char *type,
                     Value *const *inputs, int input_count, Value *const *outputs, int output_count,
                     Error *err) {
  Node *node = arena_new(&graph->arena, 1, sizeof *node, err);
  if (node == NULL) return NULL;
  node->name = arena_text(&graph->arena, name, err);
  node->domain = arena_text(&graph->arena, is_default_domain(domain) ? "" : domain, err);
  node->type = arena_text(&graph->arena, type, err);
  node->inputs = copy_values(graph, inputs, input_count, err);
  node->outputs = copy_values(graph, outputs, output_count, err);
  if (!node->name || !node->domain || !node->type || !node->inputs || !node->outputs) return NULL;
  if (array_grow(&graph->nodes, (size_t)graph->node_count, &graph->node_capacity, sizeof(Node *), err) != OK)
    return NULL;
  node->input_count = input_count;
  node->output_count = output_count;
  node->index = graph->node_count;
  for (int i = 0; i < output_count; i++)
    if (outputs[i] != NULL) outputs[i]->producer = node;
  graph->nodes[graph->node_count++] = node;
  return node;
}

static bool is_name_used(const Graph *graph, const char *name) {
  if (graph_find_value(graph, name) != NULL) return true;
  for (int i = 0; i < graph->node_count; i++)
    if (strcmp(graph->nodes[i]->name, name) == 0) return true;
  return false;
}

const char *graph_unused_name(Graph *graph, const char *base, Error *err) {
  if (!is_name_used(graph, base)) return arena_text(&graph->arena, base, err);
  for (int i = graph->value_count;; i++) {
    char name[256];
    snprintf(name, sizeof name, "%.200s_%d", base, i);
    if (!is_name_used(graph, name)) return arena_text(&graph->arena, name, err);
  }
}

Value *graph_find_value(const Graph *graph, const char *name) {
  for (int i = 0; i < graph->value_count; i++)
    if (strcmp(graph->values[i]->name, name) == 0) return graph->values[i];
  return NULL;
}

int graph_symbol(Graph *graph, const char *name, Error *err) {
  for (int i = 0; i < graph->symbol_count; i++)
    if (strcmp(graph->symbols[i], name) == 0) return i;
  const char *copy = arena_text(&graph->arena, name, err);
  if (copy == NULL) return -1;
  if (array_grow(&graph->symbols, (size_t)graph->symbol_count, &graph->symbol_capacity, sizeof(char *),
                 err) != OK)
    return -1;
  graph->symbols[graph->symbol_count] = copy;
  return graph->symbol_count++;
}

const char *graph_symbol_name(const Graph *graph, Dim dim) {
  int64_t index = DIM_SYMBOL(dim); /* the mapping is its own inverse */
  return dim < DIM_UNKNOWN && index < graph->symbol_count ? graph->symbols[index] : "?";
}

bool value_is_captured(const Value *value) {
  return value->producer == NULL && value->constant == NULL && !value->is_input;
}

/* Bodies within a body take the value by way of it, under the same name. */
static void rename_captured(const Node *node, const char *from, const char *to) {
  for (int a = 0; a < node->attribute_count; a++) {
    const Graph *body = node->attributes[a].graph;
    for (int v = 0; body != NULL && v < body->value_count; v++)
      if (value_is_captured(body->values[v]) && strcmp(body->values[v]->name, from) == 0)
        body->values[v]->name = to;
    for (int n = 0; body != NULL && n < body->node_count; n++) rename_captured(body->nodes[n], from, to);
  }
}

void graph_replace_value(Graph *graph, Value *from, Value *to) {
  for (int u = 0; u < from->user_count; u++) {
    Node *user = from->users[u];
    for (int i = 0; i < user->input_count; i++)
      if (user->inputs[i] == from) user->inputs[i] = to;
    rename_captured(user, from->name, to->name);
  }
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i] == from) graph->outputs[i] = to;
}
