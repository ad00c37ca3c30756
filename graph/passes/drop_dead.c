/* Nodes and values that no output of the graph needs. */
#include "graph/passes/pass_tools.h"

static bool is_needed_value(const Value *value) {
  if (value == NULL) return false;
  if (value->is_output) return true;
  for (int u = 0; u < value->user_count; u++)
    if (value->users[u]->type != NULL) return true;
  return false;
}

static bool is_needed(const Node *node) {
  for (int i = 0; i < node->output_count; i++)
    if (is_needed_value(node->outputs[i])) return true;
  return false;
}

/* Values that are neither made nor read any more. */
static int drop_values(Graph *graph) {
  int kept = 0, count = graph->value_count;
  for (int v = 0; v < count; v++) {
    Value *value = graph->values[v];
    bool is_made = value->producer != NULL || value->is_input;
    if (is_made || value->is_output || value->user_count > 0) graph->values[kept++] = value;
  }
  graph->value_count = kept;
  return count - kept;
}

Status pass_drop_dead(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  (void)hooks;
  int before = *rewrites;
  for (int n = graph->node_count - 1; n >= 0;
       n--) { /* from the end: readers are judged before what they read */
    if (is_needed(graph->nodes[n])) continue;
    node_remove(graph->nodes[n]);
    ++*rewrites;
  }
  if (*rewrites > before) TRY(graph_sweep(graph, err));
  return drop_values(graph) > 0 ? graph_refresh(graph, err) : OK;
}
