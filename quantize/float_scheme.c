#include "quantize/float_scheme.h"

bool float_scheme_is(ActivationForm activations) {
  return float_scheme_reason(activations) != NULL;
}

const char *float_scheme_reason(ActivationForm activations) {
  switch (activations) {
  case ACTIVATIONS_FLOAT:
    return "weight-only scheme";
  case ACTIVATIONS_DYNAMIC:
    return "dynamic scheme: float32 between products";
  default:
    return NULL;
  }
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

/* Tables of a Gather multiply nothing. */
static NodeForm form_of(const Node *node, ActivationForm activations) {
  LinearForm form;
  if (!float_scheme_form(node, &form)) return FORM_AS_TENSORS;
  return activations == ACTIVATIONS_DYNAMIC && !node_is(node, "Gather") ? FORM_DYNAMIC : FORM_WEIGHT_ONLY;
}

void float_scheme_mark(Graph *graph, ActivationForm activations) {
  const char *reason = float_scheme_reason(activations);
  for (int n = 0; n < graph->node_count && reason != NULL; n++) {
    Node *node = graph->nodes[n];
    if (node->float_reason != NULL) continue;
    node->float_reason = reason;
    node->form = form_of(node, activations);
  }
}
