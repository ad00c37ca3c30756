/*
 * Which values have 16 bits instead of 8: outputs of the model, where only views read them; operands of sums,
 * because a sum reads 16 bits as easily as 8, and its operands then are rounded so finely that only the sum's
 * own rounding counts.
 */
#include "quantize/plan_groups.h"

/* A function that is fused into what is before it goes through a table, which has 8 bits. */
static bool is_fused_table(const Plan *plan, const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && plan->values[node->inputs[i]->index].use == USE_TABLED) return true;
  return false;
}

static bool can_write_wide(const Plan *plan, const Node *node) {
  if (node == NULL || !plan->nodes[node->index].is_integer) return false;
  switch (plan->nodes[node->index].role) {
  case ROLE_LINEAR:
    return plan->nodes[node->index].is_linear;
  case ROLE_TABLE:
    return !is_fused_table(plan, node);
  case ROLE_SUM:
  case ROLE_PRODUCT:
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

/* A wide output goes only through views and Concats, to outputs. */
static bool moves_wide(const Plan *plan, const Node *user) {
  return plan->nodes[user->index].role == ROLE_VIEW || node_is(user, "Concat");
}

static bool is_sum(const Plan *plan, const Node *user) {
  return plan->nodes[user->index].role == ROLE_SUM;
}

typedef bool (*IsReader)(const Plan *plan, const Node *user);

/* Can it be written in 16 bits, and is it read by nothing but such readers? */
static bool can_be_wide(const Plan *plan, const Value *value, IsReader is_reader) {
  if (!can_write_wide(plan, value->producer)) return false;
  for (int u = 0; u < value->user_count; u++)
    if (!plan->nodes[value->users[u]->index].is_integer || !is_reader(plan, value->users[u])) return false;
  return true;
}

/* All values of a group or none. */
static void widen(Plan *plan, const Graph *graph, int group, IsReader is_reader) {
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == group && plan_has_codes(plan, graph->values[v]) &&
        !can_be_wide(plan, graph->values[v], is_reader))
      return;
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == group) plan->values[v].is_wide = plan_has_codes(plan, graph->values[v]);
}

static void widen_outputs(Plan *plan, const Graph *graph) {
  for (int i = 0; i < graph->output_count; i++) {
    const ValuePlan *output = &plan->values[graph->outputs[i]->index];
    if (output->use == USE_ACTIVATION) widen(plan, graph, output->group, moves_wide);
  }
}

static void widen_operands(Plan *plan, const Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    const ValuePlan *own = &plan->values[v];
    if (own->use == USE_ACTIVATION && !value->is_output && value->user_count > 0 &&
        is_sum(plan, value->users[0]))
      widen(plan, graph, own->group, is_sum);
  }
}

void plan_widths(Plan *plan, const Graph *graph, const QuantizeOptions *options) {
  if (!options->output_8bit) widen_outputs(plan, graph);
  if (!options->sums_8bit) widen_operands(plan, graph);
}
