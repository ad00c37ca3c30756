#include "interpreter/body.h"

#include <stdlib.h>

static Status find_captures(Body *body, const Graph *outer, const Graph *graph, Error *err) {
  body->captures = calloc((size_t)graph->value_count + 1, sizeof *body->captures);
  if (body->captures == NULL) return fail_memory(err);
  for (int v = 0; v < graph->value_count; v++) {
    const Value *inner = graph->values[v];
    if (!value_is_captured(inner)) continue;
    const Value *outside = graph_find_value(outer, inner->name);
    if (outside != NULL) body->captures[body->capture_count++] = (Capture){inner->index, outside->index};
  }
  return OK;
}

static Status add_body(Bodies *bodies, const Graph *outer, const Node *node, const Graph *graph, Error *err) {
  TRY(array_grow(&bodies->list, (size_t)bodies->count, &bodies->capacity, sizeof(Body), err));
  Body *body = &bodies->list[bodies->count++];
  *body = (Body){.node = node};
  TRY(find_captures(body, outer, graph, err));
  return interpreter_new(&body->interpreter, graph, err);
}

Status bodies_new(Bodies *bodies, const Graph *graph, Error *err) {
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL)
        TRY(add_body(bodies, graph, node, node->attributes[a].graph, err));
  }
  return OK;
}

void bodies_free(Bodies *bodies) {
  for (int b = 0; b < bodies->count; b++) {
    interpreter_free(bodies->list[b].interpreter);
    free(bodies->list[b].captures);
  }
  free(bodies->list);
  *bodies = (Bodies){0};
}

int bodies_find(const Bodies *bodies, const Graph *graph) {
  for (int b = 0; b < bodies->count; b++)
    if (interpreter_graph(bodies->list[b].interpreter) == graph) return b;
  return -1;
}
