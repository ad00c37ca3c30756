/* The order of nodes, who uses what, and the removal of nodes. */
#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

typedef void (*UseVisitor)(void *context, Graph *graph, Node *node, Value *value);

/* Calls visit for every value of `graph` that `node` reads, values that its bodies take from outside
 * included. */
static void visit_uses(Graph *graph, Node *node, UseVisitor visit, void *context);

static void visit_body(Graph *graph, Node *node, const Graph *body, UseVisitor visit, void *context) {
  for (int v = 0; v < body->value_count; v++) {
    const Value *inner = body->values[v];
    if (!value_is_captured(inner)) continue;
    Value *outer = graph_find_value(graph, inner->name);
    if (outer != NULL) visit(context, graph, node, outer);
  }
}

static void visit_uses(Graph *graph, Node *node, UseVisitor visit, void *context) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL) visit(context, graph, node, node->inputs[i]);
  for (int a = 0; a < node->attribute_count; a++)
    if (node->attributes[a].graph != NULL) visit_body(graph, node, node->attributes[a].graph, visit, context);
}

static void count_use(void *context, Graph *graph, Node *node, Value *value) {
  (void)context, (void)graph, (void)node;
  value->user_count++;
}

static void record_use(void *context, Graph *graph, Node *node, Value *value) {
  (void)context, (void)graph;
  value->users[value->user_count++] = node;
}

static void renew_flags(Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    value->index = v;
    value->user_count = 0;
    value->is_output = false;
  }
  for (int i = 0; i < graph->output_count; i++) graph->outputs[i]->is_output = true;
}

static Status renew_users(Graph *graph, Error *err) {
  renew_flags(graph);
  for (int n = 0; n < graph->node_count; n++) visit_uses(graph, graph->nodes[n], count_use, NULL);
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    value->users = arena_new(&graph->arena, (size_t)value->user_count, sizeof *value->users, err);
    if (value->users == NULL) return err->status;
    value->user_count = 0;
  }
  for (int n = 0; n < graph->node_count; n++) visit_uses(graph, graph->nodes[n], record_use, NULL);
  return OK;
}

/* A binary heap of node numbers, so that among the nodes that are ready the first one comes first. */
typedef struct Ready {
  int *heap, count;
} Ready;

static void ready_push(Ready *ready, int node) {
  int at = ready->count++;
  for (; at > 0 && ready->heap[(at - 1) / 2] > node; at = (at - 1) / 2)
    ready->heap[at] = ready->heap[(at - 1) / 2];
  ready->heap[at] = node;
}

static int ready_pop(Ready *ready) {
  int least = ready->heap[0], last = ready->heap[--ready->count], at = 0;
  for (int child = 1; child < ready->count; child = 2 * at + 1) {
    if (child + 1 < ready->count && ready->heap[child + 1] < ready->heap[child]) child++;
    if (ready->heap[child] >= last) break;
    ready->heap[at] = ready->heap[child];
    at = child;
  }
  ready->heap[at] = last;
  return least;
}

static void count_dependency(void *context, Graph *graph, Node *node, Value *value) {
  (void)graph;
  int *waiting = context;
  if (value->producer != NULL) waiting[node->index]++;
}

/* Kahn's algorithm; `order` gets the nodes, and their number is returned. */
static int sort_nodes(Graph *graph, int *waiting, Ready *ready, Node **order) {
  for (int n = 0; n < graph->node_count; n++) {
    graph->nodes[n]->index = n;
    waiting[n] = 0;
  }
  for (int n = 0; n < graph->node_count; n++) visit_uses(graph, graph->nodes[n], count_dependency, waiting);
  for (int n = 0; n < graph->node_count; n++)
    if (waiting[n] == 0) ready_push(ready, n);
  int done = 0;
  while (ready->count > 0) {
    Node *node = graph->nodes[ready_pop(ready)];
    order[done++] = node;
    for (int i = 0; i < node->output_count; i++) {
      Value *output = node->outputs[i];
      for (int u = 0; output != NULL && u < output->user_count; u++)
        if (--waiting[output->users[u]->index] == 0) ready_push(ready, output->users[u]->index);
    }
  }
  return done;
}

static Status report_cycle(const Graph *graph, const int *waiting, Error *err) {
  for (int n = 0; n < graph->node_count; n++)
    if (waiting[n] > 0)
      return fail(err, BAD_INPUT,
                  "node '%s' (%s): its inputs depend on its own output: the graph has a cycle",
                  graph->nodes[n]->name, graph->nodes[n]->type);
  return OK;
}

static Status renew_order(Graph *graph, Error *err) {
  size_t count = (size_t)graph->node_count;
  int *waiting = malloc((count + 1) * sizeof *waiting);
  Ready ready = {.heap = malloc((count + 1) * sizeof *ready.heap)};
  Node **order = malloc((count + 1) * sizeof *order);
  Status status = OK;
  if (waiting == NULL || ready.heap == NULL || order == NULL) {
    status = fail_memory(err);
  } else if (sort_nodes(graph, waiting, &ready, order) < graph->node_count) {
    status = report_cycle(graph, waiting, err);
  } else {
    for (int n = 0; n < graph->node_count; n++) {
      graph->nodes[n] = order[n];
      order[n]->index = n;
    }
  }
  free(waiting);
  free(ready.heap);
  free(order);
  return status;
}

Status graph_refresh(Graph *graph, Error *err) {
  TRY(renew_users(graph, err));
  TRY(renew_order(graph, err));
  return renew_users(graph, err); /* in the new order */
}

void node_remove(Node *node) {
  node->type = NULL;
}

Status graph_sweep(Graph *graph, Error *err) {
  int kept = 0;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    if (node->type != NULL) {
      graph->nodes[kept++] = node;
      continue;
    }
    for (int i = 0; i < node->output_count; i++)
      if (node->outputs[i] != NULL && node->outputs[i]->producer == node) node->outputs[i]->producer = NULL;
  }
  graph->node_count = kept;
  return graph_refresh(graph, err);
}
