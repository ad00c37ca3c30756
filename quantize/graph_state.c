#include "quantize/graph_state.h"

Status graph_state_keep(GraphState *state, const Graph *graph, Arena *arena, Error *err) {
  *state = (GraphState){.value_count = graph->value_count};
  state->values = arena_new(arena, (size_t)graph->value_count + 1, sizeof *state->values, err);
  state->nodes = arena_new(arena, (size_t)graph->node_count + 1, sizeof *state->nodes, err);
  if (state->values == NULL || state->nodes == NULL) return err->status;
  for (int v = 0; v < graph->value_count; v++)
    state->values[v] = (ValueState){graph->values[v]->constant, graph->values[v]->spec};
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    state->nodes[n] = (NodeState){node->float_reason, node->weight_bits, node->weight_group};
  }
  return OK;
}

void graph_state_restore(const GraphState *state, Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) {
    Value *value = graph->values[v];
    value->spec = v < state->value_count ? state->values[v].spec : NULL;
    if (v < state->value_count) value->constant = state->values[v].constant;
  }
  for (int n = 0; n < graph->node_count; n++) {
    graph->nodes[n]->float_reason = state->nodes[n].float_reason;
    graph->nodes[n]->weight_bits = state->nodes[n].weight_bits;
    graph->nodes[n]->weight_group = state->nodes[n].weight_group;
  }
}
