/* What passes and jobs ask of a node, and how they change its attributes. */
#include "graph/graph.h"

#include <string.h>

bool node_is(const Node *node, const char *type) {
  return node != NULL && node->type != NULL && node->domain[0] == '\0' && strcmp(node->type, type) == 0;
}

const Attribute *node_attribute(const Node *node, const char *name) {
  for (int i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
  return NULL;
}

int64_t node_int(const Node *node, const char *name, int64_t otherwise) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute != NULL && attribute->kind == ATTRIBUTE_INT ? attribute->i : otherwise;
}

double node_float(const Node *node, const char *name, double otherwise) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute != NULL && attribute->kind == ATTRIBUTE_FLOAT ? attribute->f : otherwise;
}

Value *node_input(const Node *node, int i) {
  return i >= 0 && i < node->input_count ? node->inputs[i] : NULL;
}

const Tensor *node_constant(const Node *node, int i) {
  const Value *value = node_input(node, i);
  return value == NULL ? NULL : value->constant;
}

bool value_has_one_user(const Value *value) {
  return value->user_count == 1 && !value->is_output;
}

bool value_scalar(const Value *value, double *scalar) {
  if (value == NULL || value->constant == NULL || tensor_elements(value->constant) != 1) return false;
  if (value->constant->type == ELEMENT_STRING) return false;
  *scalar = tensor_get(value->constant, 0);
  return true;
}

/* The attribute of that name, added where there is none. */
static Attribute *attribute_to_set(Graph *graph, Node *node, const char *name, Error *err) {
  for (int i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
  size_t count = (size_t)node->attribute_count;
  Attribute *grown = arena_new(&graph->arena, count + 1, sizeof *grown, err);
  if (grown == NULL) return NULL;
  if (count > 0) memcpy(grown, node->attributes, count * sizeof *grown);
  grown[count].name = arena_text(&graph->arena, name, err);
  if (grown[count].name == NULL) return NULL;
  node->attributes = grown;
  node->attribute_count++;
  return &grown[count];
}

static Status set_attribute(Graph *graph, Node *node, const char *name, Attribute to, Error *err) {
  Attribute *attribute = attribute_to_set(graph, node, name, err);
  if (attribute == NULL) return err->status;
  to.name = attribute->name;
  *attribute = to;
  return OK;
}

Status node_set_int(Graph *graph, Node *node, const char *name, int64_t i, Error *err) {
  return set_attribute(graph, node, name, (Attribute){.kind = ATTRIBUTE_INT, .i = i}, err);
}

Status node_set_float(Graph *graph, Node *node, const char *name, double f, Error *err) {
  return set_attribute(graph, node, name, (Attribute){.kind = ATTRIBUTE_FLOAT, .f = f}, err);
}

Status node_set_ints(Graph *graph, Node *node, const char *name, const int64_t *ints, size_t count,
                     Error *err) {
  int64_t *copy = arena_new(&graph->arena, count, sizeof *copy, err);
  if (copy == NULL) return err->status;
  if (count > 0) memcpy(copy, ints, count * sizeof *copy);
  return set_attribute(graph, node, name, (Attribute){.kind = ATTRIBUTE_INTS, .ints = copy, .count = count},
                       err);
}

void node_drop_attribute(Node *node, const char *name) {
  int kept = 0;
  for (int i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) != 0) node->attributes[kept++] = node->attributes[i];
  node->attribute_count = kept;
}
