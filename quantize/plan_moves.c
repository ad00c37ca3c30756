#include "quantize/plan_moves.h"

/* What a node, or the run of moving nodes that it belongs to, stands next to. */
typedef struct Sides {
  bool is_free; /* moves values in whatever form they are */
  bool integer, real;
} Sides;

/* A MaxPool of codes is the better one. A constant that is gathered from is smaller in codes. */
static bool is_free(const Node *node, const NodePlan *plan) {
  if (!plan->is_integer || node_is(node, "MaxPool")) return false;
  if (plan->role == ROLE_GATHER) return node_constant(node, 0) == NULL;
  return plan->role == ROLE_VIEW || plan->role == ROLE_SAME_SCALE;
}

/* True if something new was learnt. */
static bool learn(Sides *own, const Sides *other) {
  Sides before = *own;
  own->integer |= other->integer;
  own->real |= other->real;
  return own->integer != before.integer || own->real != before.real;
}

static bool look_around(const Node *node, Sides *sides) {
  Sides *own = &sides[node->index];
  bool changed = false;
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value != NULL && element_is_float(value->type) && value->producer != NULL)
      changed |= learn(own, &sides[value->producer->index]);
  }
  for (int o = 0; o < node->output_count; o++)
    for (int u = 0; node->outputs[o] != NULL && u < node->outputs[o]->user_count; u++)
      changed |= learn(own, &sides[node->outputs[o]->users[u]->index]);
  return changed;
}

static void begin(Plan *plan, const Graph *graph, Sides *sides) {
  for (int n = 0; n < graph->node_count; n++) {
    const NodePlan *at = &plan->nodes[n];
    bool free_to_move = is_free(graph->nodes[n], at);
    sides[n] = (Sides){.is_free = free_to_move,
                       .integer = !free_to_move && at->is_integer,
                       .real = !at->is_integer && at->role != ROLE_INDEX};
  }
}

Status plan_moves(Plan *plan, const Graph *graph, Error *err) {
  Sides *sides = arena_new(&plan->arena, (size_t)graph->node_count, sizeof *sides, err);
  if (sides == NULL) return err->status;
  begin(plan, graph, sides);
  for (bool changed = true; changed;) {
    changed = false;
    for (int n = 0; n < graph->node_count; n++)
      if (sides[n].is_free) changed |= look_around(graph->nodes[n], sides);
  }
  for (int n = 0; n < graph->node_count; n++) {
    if (!sides[n].is_free || sides[n].integer || !sides[n].real) continue;
    plan->nodes[n].is_integer = false;
    plan->nodes[n].reason = "moves values among float instructions";
  }
  return OK;
}
