/*
 * Which values have 16 bits instead of 8: outputs of the model, where only views read them; operands of sums
 * and of normalizations, which read 16 bits as easily as 8: their operands then are rounded so finely that
 * only their own rounding counts; all of them where the scheme says so; and the results of nodes that were
 * chosen.
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

/* Instructions that read 16 bits as easily as 8. Means do too, but in them the rounding averages out. */
static bool reads_easily(const Plan *plan, const Node *user) {
  OpRole role = plan->nodes[user->index].role;
  return role == ROLE_SUM || role == ROLE_NORM;
}

typedef bool (*IsReader)(const Plan *plan, const Node *user);

/* Can it be written in 16 bits, and is it read by nothing but such readers? */
static bool can_be_wide(const Plan *plan, const Value *value, IsReader is_reader) {
  if (!can_write_wide(plan, value->producer)) return false;
  for (int u = 0; u < value->user_count; u++)
    if (!plan->nodes[value->users[u]->index].is_integer || !is_reader(plan, value->users[u])) return false;
  return true;
}

static void set_width(Plan *plan, const Graph *graph, int group, bool is_wide, const char *reason) {
  for (int v = 0; v < graph->value_count; v++) {
    ValuePlan *own = &plan->values[v];
    if (own->group != group || !plan_has_codes(plan, graph->values[v])) continue;
    own->is_wide = is_wide;
    own->reason = is_wide ? reason : NULL;
  }
}

/* All values of a group or none. */
static void widen_where(Plan *plan, const Graph *graph, int group, IsReader is_reader, const char *reason) {
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == group && plan_has_codes(plan, graph->values[v]) &&
        !can_be_wide(plan, graph->values[v], is_reader))
      return;
  set_width(plan, graph, group, true, reason);
}

static void widen_outputs(Plan *plan, const Graph *graph) {
  for (int i = 0; i < graph->output_count; i++) {
    const ValuePlan *output = &plan->values[graph->outputs[i]->index];
    if (output->use == USE_ACTIVATION)
      widen_where(plan, graph, output->group, moves_wide, "output of the model");
  }
}

static void widen_operands(Plan *plan, const Graph *graph) {
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    const ValuePlan *own = &plan->values[v];
    if (own->use == USE_ACTIVATION && !value->is_output && value->user_count > 0 &&
        reads_easily(plan, value->users[0]))

      widen_where(plan, graph, own->group, reads_easily, "read by sums and norms only");
  }
}

/* ---- all ---- */

/* Scales that came with the model are those of 8 bits. */
static bool is_fixed(const Value *value) {
  return value->spec != NULL && value->spec->is_fixed && value->spec->scale_count == 1;
}

/* Tables of weights stay as weights are. */
static bool is_gathered_from(const Value *value) {
  for (int u = 0; value->constant != NULL && u < value->user_count; u++)
    if (op_role(value->users[u], NULL) == ROLE_GATHER && value->users[u]->inputs[0] == value) return true;
  return false;
}

static void widen_all(Plan *plan, const Graph *graph) {
  for (int v = 0; v < graph->value_count; v++)
    set_width(plan, graph, plan->values[v].group, true, "activations of the scheme");
  for (int v = 0; v < graph->value_count; v++)
    if (is_fixed(graph->values[v]) || is_gathered_from(graph->values[v]))
      set_width(plan, graph, plan->values[v].group, false, NULL);
}

/* ---- chosen nodes ---- */

/* What the instruction of a node writes: its own output, or that of the clamp or sum that is part of it. */
static const Value *written_by(const Plan *plan, const Node *node) {
  const Value *value = node->outputs[0];
  while (value != NULL && plan->values[value->index].use == USE_CLAMPED) value = value->users[0]->outputs[0];
  return value;
}

static const char *fixed_reason(const Plan *plan, const Graph *graph, const Value *value) {
  for (int v = 0; v < graph->value_count; v++)
    if (plan->values[v].group == plan->values[value->index].group && is_fixed(graph->values[v]))
      return "its scale came with the model";
  return NULL;
}

const char *plan_narrow_reason(const Plan *plan, const Graph *graph, const Node *node) {
  const NodePlan *own = &plan->nodes[node->index];
  const Value *value = written_by(plan, node);
  if (own->role == ROLE_INDEX) return "it computes integers of the model itself";
  if (!own->is_integer) return own->reason;
  if (value == NULL || !plan_has_codes(plan, value)) return "its result has no codes of its own";
  return fixed_reason(plan, graph, value);
}

/* A function that has an instruction of its own, because it was chosen, reads what only it reads in 16 bits
 * too. */
static void widen_before(Plan *plan, const Graph *graph, const Node *node) {
  for (int i = 0; plan->nodes[node->index].role == ROLE_TABLE && i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value == NULL || value->producer == NULL || !value_has_one_user(value) ||
        !plan_has_codes(plan, value))
      continue;
    if (plan->nodes[value->producer->index].activation_bits != 8 && can_write_wide(plan, value->producer))
      set_width(plan, graph, plan->values[value->index].group, true, "read by a function with 16 bits");
  }
}

static Status choose_width(Plan *plan, const Graph *graph, const Node *node, Error *err) {
  bool is_wide = plan->nodes[node->index].activation_bits == 16;
  const char *narrow = is_wide ? plan_narrow_reason(plan, graph, node) : NULL;
  if (narrow != NULL)
    return fail(err, BAD_USAGE, "node '%s' (%s) cannot have results of 16 bits: %s", node->name, node->type,
                narrow);
  const Value *value = written_by(plan, node);
  if (value == NULL || !plan_has_codes(plan, value)) return OK;
  set_width(plan, graph, plan->values[value->index].group, is_wide, "chosen for its node");
  if (is_wide) widen_before(plan, graph, node);
  return OK;
}

/* Values that share a scale have the same bits: two nodes cannot have been given different ones. */
static Status check_width(const Plan *plan, const Node *node, Error *err) {
  const Value *value = written_by(plan, node);
  if (value == NULL || !plan_has_codes(plan, value)) return OK;
  int bits = plan->values[value->index].is_wide ? 16 : 8, chosen = plan->nodes[node->index].activation_bits;
  if (bits == chosen) return OK;
  return fail(
      err, BAD_USAGE,
      "node '%s' (%s) cannot have results of %d bits: they share a scale with those of a node of %d bits",
      node->name, node->type, chosen, bits);
}

Status plan_widths(Plan *plan, const Graph *graph, const QuantizeOptions *options, Error *err) {
  if (options->activations == ACTIVATIONS_16BIT) widen_all(plan, graph);
  if (!options->output_8bit) widen_outputs(plan, graph);
  if (!options->sums_8bit) widen_operands(plan, graph);
  for (int n = 0; n < graph->node_count; n++)
    if (plan->nodes[n].activation_bits > 0) TRY(choose_width(plan, graph, graph->nodes[n], err));
  for (int n = 0; n < graph->node_count; n++)
    if (plan->nodes[n].activation_bits > 0) TRY(check_width(plan, graph->nodes[n], err));
  return OK;
}
