#include "quantize/plan.h"

#include "quantize/float_scheme.h"
#include "quantize/plan_groups.h"
#include "quantize/plan_moves.h"
#include "quantize/split_constants.h"

#include <math.h>

/* ---- nodes ---- */

static bool is_constant(const Node *node, int i) {
  return node_constant(node, i) != NULL;
}

static void stay_float(NodePlan *plan, const char *reason) {
  plan->is_integer = false;
  plan->reason = reason;
}

/* Constant weights: per-channel codes. Else only MatMul can: as the product of two activations. */
static Status plan_linear(const Node *node, NodePlan *plan, Error *err) {
  TRY(node->op->linear(node, &plan->form, err));
  const LinearForm *form = &plan->form;
  const Tensor *weight = node_constant(node, form->weight);
  bool is_matmul = node_is(node, "MatMul");
  bool has_bias = form->bias >= 0 && node_input(node, form->bias) != NULL;
  plan->is_linear =
      weight != NULL && !is_constant(node, form->data) && (!is_matmul || weight->shape.rank == 2);
  if (plan->is_linear && has_bias && !is_constant(node, form->bias))
    stay_float(plan, "its bias is computed at run time");
  if (!plan->is_linear && !is_matmul) stay_float(plan, "its weights are computed at run time");
  return OK;
}

static void plan_pairwise(const Node *node, NodePlan *plan) {
  if (node->input_count != 2) stay_float(plan, "has not exactly two operands");
}

static bool has_only_float32(const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && element_is_float(node->inputs[i]->type) &&
        node->inputs[i]->type != ELEMENT_FLOAT32)
      return false;
  return node->outputs[0] == NULL || node->outputs[0]->type == ELEMENT_FLOAT32;
}

/* A table has int4 codes where the scheme, or the user, asks for them: each row with a scale of its own. */
static void plan_gather(const Node *node, const QuantizeOptions *options, NodePlan *plan) {
  int bits = node->weight_bits > 0 ? node->weight_bits : options->weight_bits;
  plan->is_linear = bits == 4 && float_scheme_form(node, &plan->form);
}

static Status plan_node(const Node *node, const QuantizeOptions *options, NodePlan *plan, Error *err) {
  plan->role = op_role(node, &plan->reason);
  plan->is_integer = plan->role != ROLE_FLOAT && plan->role != ROLE_INDEX && plan->role != ROLE_RECURRENT;
  if (plan->role == ROLE_RECURRENT) plan->reason = "recurrent operators run in float";
  if (plan->role == ROLE_FLOAT && plan->reason == NULL) plan->reason = "has no integer form";
  plan->weight_bits = node->weight_bits;
  plan->activation_bits = node->activation_bits;
  if (!plan->is_integer) return OK;
  if (node->float_reason != NULL) {
    stay_float(plan, node->float_reason);
    plan->is_linear = node->form != FORM_AS_TENSORS && float_scheme_form(node, &plan->form);
    return OK;
  }
  if (!has_only_float32(node)) {
    stay_float(plan, "is not float32");
    return OK;
  }
  if (plan->role == ROLE_LINEAR) return plan_linear(node, plan, err);
  if (plan->role == ROLE_GATHER) plan_gather(node, options, plan);
  if (plan->role == ROLE_SUM || plan->role == ROLE_PRODUCT || plan->role == ROLE_PICK)
    plan_pairwise(node, plan);
  return OK;
}

/* ---- an Add that is the bias of a MatMul ---- */

/* Shape [.., 1, n]. */
static bool is_row_vector(const Tensor *tensor, int64_t n) {
  int rank = tensor->shape.rank;
  return rank >= 1 && tensor->shape.dims[rank - 1] == n && tensor_elements(tensor) == n;
}

static void find_bias_add(Plan *plan, Node *node) {
  NodePlan *linear = &plan->nodes[node->index];
  Value *product = node->outputs[0];
  if (!linear->is_linear || !node_is(node, "MatMul") || !value_has_one_user(product)) return;
  Node *add = product->users[0];
  if (!node_is(add, "Add") || !plan->nodes[add->index].is_integer) return;
  const Tensor *bias = node_constant(add, add->inputs[0] == product ? 1 : 0);
  const Tensor *weight = node_constant(node, linear->form.weight);
  if (bias == NULL || !is_row_vector(bias, weight->shape.dims[1]) || bias->shape.rank > product->shape.rank)
    return;
  linear->bias_add = add;
  plan->nodes[add->index].is_linear = true; /* read by constant_use(): its operand is a bias */
  plan->nodes[add->index].role = ROLE_SUM;
  if (plan->nodes[add->index].activation_bits == 0) /* the sum is what is written */
    plan->nodes[add->index].activation_bits = linear->activation_bits;
}

/* ---- values ---- */

bool plan_is_clamp(const Node *node, double *low, double *high) {
  *low = -INFINITY;
  *high = INFINITY;
  if (node_is(node, "Relu")) {
    *low = 0;
    return true;
  }
  if (!node_is(node, "Clip")) return false;
  *low = node_float(node, "min", -INFINITY);
  *high = node_float(node, "max", INFINITY);
  for (int i = 1; i < node->input_count; i++)
    if (node->inputs[i] != NULL && !value_scalar(node->inputs[i], i == 1 ? low : high)) return false;
  return true;
}

static bool can_end_in_activation(const NodePlan *plan) {
  if (!plan->is_integer) return false;
  if (plan->role == ROLE_LINEAR) return plan->is_linear;
  return plan->role == ROLE_SUM || plan->role == ROLE_PRODUCT || plan->role == ROLE_PICK;
}

/* A table inside an instruction has 8 bits: one with 16 on either side is an instruction of its own, as is
   that of an output, which can have 16. */
static bool is_kept_apart(const QuantizeOptions *options, const NodePlan *producer, const NodePlan *user) {
  if (producer->activation_bits == 16 || user->activation_bits == 16) return true;
  return options->activations == ACTIVATIONS_16BIT;
}

/* What becomes of a value between its producer and its only user, if they become one instruction. */
static ValueUse fused_use(const Plan *plan, const QuantizeOptions *options, const Value *value) {
  double low, high;
  const Node *producer = value->producer;
  if (producer == NULL || !value_has_one_user(value)) return USE_NONE;
  const Node *user = value->users[0];
  if (plan->nodes[producer->index].bias_add == user) return USE_CLAMPED;
  const NodePlan *next = &plan->nodes[user->index];
  if (!can_end_in_activation(&plan->nodes[producer->index])) return USE_NONE;
  if (!next->is_integer || next->role != ROLE_TABLE) return USE_NONE;
  if (plan_is_clamp(user, &low, &high)) return user->inputs[0] == value ? USE_CLAMPED : USE_NONE;
  if (user->outputs[0]->is_output || is_kept_apart(options, &plan->nodes[producer->index], next))
    return USE_NONE;
  return USE_TABLED;
}

static bool has_integer_user(const Plan *plan, const Value *value) {
  for (int u = 0; u < value->user_count; u++)
    if (plan->nodes[value->users[u]->index].is_integer) return true;
  return false;
}

static void plan_activation(const Plan *plan, const QuantizeOptions *options, const Value *value,
                            ValuePlan *out) {
  const NodePlan *producer = value->producer == NULL ? NULL : &plan->nodes[value->producer->index];
  if (!element_is_float(value->type)) {
    out->use = USE_INDEX;
  } else if ((producer != NULL && producer->is_integer) || has_integer_user(plan, value)) {
    ValueUse fused = fused_use(plan, options, value);
    out->use = fused != USE_NONE ? fused : USE_ACTIVATION;
  } else {
    out->use = USE_FLOAT;
    out->reason =
        producer != NULL && producer->reason != NULL ? producer->reason : "read by float instructions only";
  }
}

static void plan_constants_of(Plan *plan, const Node *node) {
  for (int i = 0; i < node->input_count; i++) {
    if (!is_constant(node, i)) continue;
    ValuePlan *value = &plan->values[node->inputs[i]->index];
    value->use = constant_use(&plan->nodes[node->index], node, i);
    if (value->use == USE_FLOAT) value->reason = "operand of a float instruction";
  }
}

static void plan_values(Plan *plan, const Graph *graph, const QuantizeOptions *options) {
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    ValuePlan *out = &plan->values[v];
    out->group = v;
    if (value->user_count == 0 && !value->is_output) continue;
    if (value->constant == NULL) plan_activation(plan, options, value, out);
    if (value->constant != NULL && value->is_output) {
      out->use = element_is_float(value->type) ? USE_FLOAT : USE_INDEX;
      out->reason = "a constant output";
    }
  }
  for (int n = 0; n < graph->node_count; n++) plan_constants_of(plan, graph->nodes[n]);
}

static Status plan_nodes(Plan *plan, Graph *graph, const QuantizeOptions *options, Error *err) {
  plan->nodes = arena_new(&plan->arena, (size_t)graph->node_count, sizeof *plan->nodes, err);
  if (plan->nodes == NULL) return err->status;
  for (int n = 0; n < graph->node_count; n++) TRY(plan_node(graph->nodes[n], options, &plan->nodes[n], err));
  for (int n = 0; n < graph->node_count; n++) find_bias_add(plan, graph->nodes[n]);
  return plan_moves(plan, graph, err);
}

Status plan_make(Plan *plan, Graph *graph, const QuantizeOptions *options, Error *err) {
  *plan = (Plan){0};
  TRY(plan_nodes(plan, graph, options, err));
  TRY(split_constants(graph, plan->nodes, err));
  plan->values = arena_new(&plan->arena, (size_t)graph->value_count, sizeof *plan->values, err);
  if (plan->values == NULL) return err->status;
  plan_values(plan, graph, options);
  plan_groups(plan, graph);
  return plan_widths(plan, graph, options, err);
}

/* Is no linear operator before this one, or none behind it? */
static bool is_outermost(const Plan *plan, const Graph *graph, int node) {
  bool is_first = true, is_last = true;
  for (int n = 0; n < graph->node_count; n++) {
    const NodePlan *other = &plan->nodes[n];
    bool is_coded = other->is_integer || graph->nodes[n]->form != FORM_AS_TENSORS;
    if (other->role != ROLE_LINEAR || !other->is_linear || !is_coded) continue;
    is_first &= n >= node;
    is_last &= n <= node;
  }
  return is_first || is_last;
}

void plan_bits(Plan *plan, const Graph *graph, int inner, int outer) {
  for (int n = 0; n < graph->node_count; n++) {
    NodePlan *node = &plan->nodes[n];
    if (!node->is_linear || node->weight_bits > 0) continue;
    node->weight_bits = outer > 0 && is_outermost(plan, graph, n) ? outer : inner;
  }
}

void plan_free(Plan *plan) {
  arena_free(&plan->arena);
}
