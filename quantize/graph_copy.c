#include "quantize/graph_copy.h"

#include <stdio.h>

static Status refuse_bodies(const Graph *graph, const char *form, Error *err) {
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL)
        return fail(err, UNSUPPORTED, "node '%s' (%s): control flow %s", node->name, node->type, form);
  }
  return OK;
}

Status graph_copy_begin(GraphCopy *copy, const Graph *from, Graph *to, const char *form, Error *err) {
  *copy = (GraphCopy){.from = from, .to = to, .err = err};
  TRY(refuse_bodies(from, form, err));
  to->name = from->name;
  to->producer = from->producer;
  to->ir_version = from->ir_version;
  to->opsets = from->opsets;
  to->opset_count = from->opset_count;
  for (int i = 0; i < from->symbol_count; i++)
    if (graph_symbol(to, from->symbols[i], err) < 0) return err->status;
  copy->made = arena_new(&to->arena, (size_t)from->value_count, sizeof *copy->made, err);
  copy->read = arena_new(&to->arena, (size_t)from->value_count, sizeof *copy->read, err);
  return copy->made == NULL || copy->read == NULL ? err->status : OK;
}

const char *graph_copy_name(const GraphCopy *copy, const char *base, const char *end) {
  char text[256];
  snprintf(text, sizeof text, "%.200s%s", base, end);
  return graph_unused_name(copy->to, text, copy->err);
}

Value *graph_copy_constant(const GraphCopy *copy, const char *base, const char *end, const Tensor *tensor) {
  const char *name = tensor == NULL ? NULL : graph_copy_name(copy, base, end);
  return name == NULL ? NULL : graph_add_constant(copy->to, name, tensor, copy->err);
}

Value *graph_copy_value(const GraphCopy *copy, const char *name, ElementType type) {
  Value *value = name == NULL ? NULL : graph_add_value(copy->to, name, copy->err);
  if (value != NULL) value->type = type;
  return value;
}

Status graph_copy_node(const GraphCopy *copy, const Node *node, Value *const *inputs) {
  Value **outputs = arena_new(&copy->to->arena, (size_t)node->output_count, sizeof *outputs, copy->err);
  if (outputs == NULL) return copy->err->status;
  for (int o = 0; o < node->output_count; o++)
    outputs[o] = node->outputs[o] == NULL ? NULL : copy->made[node->outputs[o]->index];
  Node *made = graph_add_node(copy->to, node->name, node->domain, node->type, inputs, node->input_count,
                              outputs, node->output_count, copy->err);
  if (made == NULL) return copy->err->status;
  made->attributes = node->attributes;
  made->attribute_count = node->attribute_count;
  made->opset = node->opset;
  return OK;
}
