#include "quantize/split_constants.h"

#include <stdlib.h>

static ValueUse use_in_linear(const NodePlan *plan, int i) {
  if (!plan->is_linear) return USE_OPERAND;
  return i == plan->form.weight ? USE_WEIGHT : i == plan->form.bias ? USE_BIAS : USE_OPERAND;
}

static ValueUse float_use(const NodePlan *plan, const Node *node, int i) {
  if (!plan->is_integer) return plan->is_linear && i == plan->form.weight ? USE_WEIGHT : USE_FLOAT;
  switch (plan->role) {
  case ROLE_LINEAR:
    return use_in_linear(plan, i);
  case ROLE_SUM:
    return plan->is_linear ? USE_BIAS : USE_OPERAND; /* the Add that is a MatMul's bias */
  case ROLE_PRODUCT:
  case ROLE_PICK:
    return USE_OPERAND;
  case ROLE_GATHER:
    if (plan->is_linear && i == plan->form.weight) return USE_WEIGHT;
    return i == 0 ? USE_OPERAND : USE_ATTRIBUTE;
  case ROLE_SAME_SCALE:
  case ROLE_VIEW:
  case ROLE_AVERAGE:
    return i == 0 || node_is(node, "Concat") ? USE_OPERAND : USE_ATTRIBUTE;
  default:
    return USE_ATTRIBUTE;
  }
}

ValueUse constant_use(const NodePlan *plan, const Node *node, int i) {
  return element_is_float(node->inputs[i]->type) ? float_use(plan, node, i) : USE_INDEX;
}

#define USE_TURNED (USE_INDEX + 1) /* a weight whose channels lie along axis 1: its scales are others */

/* The second value of constants, by use; made when first needed. */
typedef struct Twins {
  int first;
  Value *others[USE_TURNED + 1];
} Twins;

static int twin_use(const NodePlan *plan, const Node *node, int i) {
  ValueUse use = constant_use(plan, node, i);
  return use == USE_WEIGHT && plan->form.channel_axis == 1 ? USE_TURNED : (int)use;
}

static Value *twin_of(Graph *graph, Twins *twins, Value *value, int use, Error *err) {
  if (twins->first == USE_NONE) twins->first = use;
  if (twins->first == use) return value;
  if (twins->others[use] == NULL) {
    const char *name = graph_unused_name(graph, value->name, err);
    if (name != NULL) twins->others[use] = graph_add_constant(graph, name, value->constant, err);
  }
  return twins->others[use];
}

Status split_constants(Graph *graph, const NodePlan *nodes, Error *err) {
  Twins *twins = calloc((size_t)graph->value_count + 1, sizeof *twins);
  if (twins == NULL) return fail_memory(err);
  Status status = OK;
  for (int n = 0; n < graph->node_count && status == OK; n++) {
    Node *node = graph->nodes[n];
    for (int i = 0; i < node->input_count && status == OK; i++) {
      Value *value = node->inputs[i];
      if (value == NULL || value->constant == NULL) continue;
      node->inputs[i] = twin_of(graph, &twins[value->index], value, twin_use(&nodes[n], node, i), err);
      if (node->inputs[i] == NULL) status = err->status;
    }
  }
  free(twins);
  return status == OK ? graph_refresh(graph, err) : status;
}
