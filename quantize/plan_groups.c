#include "quantize/plan_groups.h"

/* Codes of a table with scales of their own are computed anew. */
static bool is_moving(const Plan *plan, const Node *node) {
  const NodePlan *at = &plan->nodes[node->index];
  return at->is_integer && !at->is_linear &&
         (at->role == ROLE_SAME_SCALE || at->role == ROLE_VIEW || at->role == ROLE_GATHER);
}

static int root_of(const Plan *plan, int value) {
  while (plan->values[value].group != value) value = plan->values[value].group;
  return value;
}

/* The smaller index becomes the root, so that groups do not depend on the order of the ties. */
static void tie(Plan *plan, const Value *a, const Value *b) {
  if (!plan_has_codes(plan, a) || !plan_has_codes(plan, b)) return;
  int left = root_of(plan, a->index), right = root_of(plan, b->index);
  if (left < right)
    plan->values[right].group = left;
  else
    plan->values[left].group = right;
}

/* Codes that came with the model stay what they are, so they cannot be other codes of a Concat. */
static bool has_other_codes(const Value *value, const Value *result) {
  const QuantSpec *own = value->spec, *other = result->spec;
  if (own == NULL || !own->is_fixed || own->scale_count != 1) return false;
  return other == NULL || !other->is_fixed || other->scale_count != 1 || own->scales[0] != other->scales[0] ||
         own->zero_point != other->zero_point;
}

/* An input of a Concat takes the Concat's scale if that costs nobody else anything: it has no other user, and
   is not itself moved there from a tensor that others read with a scale of their own. */
static bool can_take_scale_of_concat(const Plan *plan, const Value *value, const Value *result) {
  while (true) {
    if (has_other_codes(value, result)) return false;
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
    if (input == NULL || (is_concat && !can_take_scale_of_concat(plan, input, node->outputs[0]))) continue;
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
    plan->values[v].is_source = plan_has_codes(plan, value) && !is_moved;
    plan->values[v].group = root_of(plan, v);
  }
  for (int v = 0; v < graph->value_count; v++) { /* what a Concat gets from elsewhere widens its range */
    const Value *value = graph->values[v];
    if (value->producer == NULL || !node_is(value->producer, "Concat") || !plan_has_codes(plan, value))
      continue;
    for (int i = 0; i < value->producer->input_count; i++)
      if (plan->values[value->producer->inputs[i]->index].group != plan->values[v].group)
        plan->values[v].is_source = true;
  }
}

void plan_groups(Plan *plan, const Graph *graph) {
  for (int n = 0; n < graph->node_count; n++) {
    if (!is_moving(plan, graph->nodes[n])) continue;
    tie_node(plan, graph->nodes[n]);
    tie_outputs(plan, graph->nodes[n]);
  }
  mark_sources(plan, graph);
}
