#include "quantize/float_scheme.h"

bool float_scheme_is(ActivationForm activations) {
  return activations == ACTIVATIONS_FLOAT;
}

static bool is_table(const Node *node) {
  const Tensor *table = node_constant(node, 0);
  return node_is(node, "Gather") && table != NULL && table->type == ELEMENT_FLOAT32 &&
         table->shape.rank == 2 && node_int(node, "axis", 0) == 0;
}

bool float_scheme_form(const Node *node, LinearForm *form) {
  Error ignored = {0};
  *form = (LinearForm){.data = 1, .weight = 0, .bias = -1, .channel_axis = 0};
  if (is_table(node)) return true;
  if (op_role(node, NULL) != ROLE_LINEAR || node->op->linear == NULL) return false;
  if (node->op->linear(node, form, &ignored) != OK) return false;
  const Tensor *weight = node_constant(node, form->weight);
  return weight != NULL && weight->type == ELEMENT_FLOAT32 && node_constant(node, form->data) == NULL &&
         (!node_is(node, "MatMul") || weight->shape.rank == 2);
}

void float_scheme_mark(Graph *graph, ActivationForm activations) {
  LinearForm form;
  if (!float_scheme_is(activations)) return;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    if (node->float_reason != NULL) continue;
    node->float_reason = REASON_WEIGHT_ONLY;
    if (float_scheme_form(node, &form)) node->form = FORM_WEIGHT_ONLY;
  }
}
