#include "quantize/plan_groups.h"

static bool is_moving(const Plan *plan, const Node *node) {
  const NodePlan *at = &plan->nodes[node->index];
  return at->is_integer && (at->role == ROLE_SAME_SCALE || at->role == ROLE_VIEW || at->role == ROLE_GATHER);
}

static bool has_codes(const Plan *plan, const Value *value) {
  ValueUse use = plan->values[value->index].use;
  return use == USE_ACTIVATION || use == USE_OPERAND;
}

static int root_of(const Plan *plan, int value) {
  while (plan->values[value].group != value) value = plan->values[value].group;
  return value;
}

/* The smaller index becomes the root, so that groups do not depend on the order of the ties. */
static void tie(Plan *plan, const Value *a, const Value *b) {
  if (!has_codes(plan, a) || !has_codes(plan, b)) return;
  int left = root_of(plan, a->index), right = root_of(plan, b->index);
  if (left < right)
    plan->values[right].group = left;
  else
    plan->values[left].group = right;
}

/* An input of a Concat takes the Concat's scale if that costs nobody else anything: it has no other user, and
   is not itself moved there from a tensor that others read with a scale of their own. */
static bool can_take_scale_of_concat(const Plan *plan, const Value *value) {
  while (true) {
    if (value->constant != NULL) return true;
    if (!value_has_one_user(value) || value->producer == NULL) return false;
    const NodePlan *producer = &plan->nodes[value->producer->index];
    if (producer->role == ROLE_SOFTMAX || !producer->is_integer) return false;
    if (!is_moving(plan, value->producer)) return true;
    if (producer->role != ROLE_VIEW) return false;
    value = value->producer->inputs[0];
  }
}

static void tie_node(Plan *plan, const Node *node) {
  bool is_concat = node_is(node, "Concat");
  for (int i = 0; i < (is_concat ? node->input_count : 1); i++) {
    const Value *input = node_input(node, i);
    if (input == NULL || (is_concat && !can_take_scale_of_concat(plan, input))) continue;
    for (int o = 0; o < node->output_count; o++)
      if (node->outputs[o] != NULL) tie(plan, input, node->outputs[o]);
  }
}

/* The results of a Split or Concat share a scale even where no input does. */
static void tie_outputs(Plan *plan, const Node *node) {
  for (int o = 1; o < node->output_count; o++)
    if (node->outputs[0] != NULL && node->outputs[o] != NULL) tie(plan, node->outputs[0], node->outputs[o]);
}

static void mark_sources(Plan *plan, const Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    bool is_moved = value->producer != NULL && is_moving(plan, value->producer);
    plan->values[v].is_source = has_codes(plan, value) && !is_moved;
    plan->values[v].group = root_of(plan, v);
  }
  for (int v = 0; v < graph->value_count; v++) { /* what a Concat gets from elsewhere widens its range */
    const Value *value = graph->values[v];
    if (value->producer == NULL || !node_is(value->producer, "Concat") || !has_codes(plan, value)) continue;
    for (int i = 0; i < value->producer->input_count; i++)
      if (plan->values[value->producer->inputs[i]->index].group != plan->values[v].group)
        plan->values[v].is_source = true;
  }
}

/* ---- 16 bits ---- */

static bool can_write_wide(const Plan *plan, const Node *node) {
  if (node == NULL || !plan->nodes[node->index].is_integer) return false;
  switch (plan->nodes[node->index].role) {
  case ROLE_LINEAR:
    return plan->nodes[node->index].is_linear;
  case ROLE_SUM:
  case ROLE_PRODUCT:
  case ROLE_TABLE:
  case ROLE_SOFTMAX:
  case ROLE_NORM:
  case ROLE_VIEW:
    return true;
  case ROLE_SAME_SCALE:
    return node_is(node, "Concat");
  default:
    return false;
  }
}

/* A wide value goes only through views and Concats, to outputs. */
static bool can_be_wide(const Plan *plan, const Value *value) {
  if (!can_write_wide(plan, value->producer)) return false;
  for (int u = 0; u < value->user_count; u++) {
    const NodePlan *user = &plan->nodes[value->users[u]->index];
    if (!user->is_integer || (user->role != ROLE_VIEW && !node_is(value->users[u], "Concat"))) return false;
  }
  return true;
}

static void widen(Plan *plan, const Graph *graph, int group) {
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == group && has_codes(plan, graph->values[v]) &&
        !can_be_wide(plan, graph->values[v]))
      return;
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == group) plan->values[v].is_wide = has_codes(plan, graph->values[v]);
}

void plan_groups(Plan *plan, const Graph *graph, bool wide_outputs) {
  for (int n = 0; n < graph->node_count; n++) {
    if (!is_moving(plan, graph->nodes[n])) continue;
    tie_node(plan, graph->nodes[n]);
    tie_outputs(plan, graph->nodes[n]);
  }
  mark_sources(plan, graph);
  for (int i = 0; wide_outputs && i < graph->output_count; i++)
    if (plan->values[graph->outputs[i]->index].use == USE_ACTIVATION)
      widen(plan, graph, plan->values[graph->outputs[i]->index].group);
}
