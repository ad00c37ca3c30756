/*
 * graph_state.h - what quantization writes on a graph, kept and put back: to quantize it in several ways and
 * to go from one to the other. Inside quantize/.
 */
#ifndef QUANTIZE_GRAPH_STATE_H
#define QUANTIZE_GRAPH_STATE_H

#include "graph/graph.h"

typedef struct ValueState {
  const Tensor *constant;
  const QuantSpec *spec;
} ValueState;

typedef struct NodeState {
  const char *float_reason;
  int weight_bits, weight_group;
} NodeState;

typedef struct GraphState {
  ValueState *values; /* by index */
  int value_count;    /* those that are added later have no spec in this state */
  NodeState *nodes;   /* by index */
} GraphState;

/* Lives in the arena; tensors and specs stay the graph's. */
Status graph_state_keep(GraphState *state, const Graph *graph, Arena *arena, Error *err);
/* The graph must have the same nodes. */
void graph_state_restore(const GraphState *state, Graph *graph);

#endif
