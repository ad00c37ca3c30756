/* Role pick: Max and Min of any number of inputs become MAXIMUM and MINIMUM. */
#include "lower/elementwise.h"
#include "lower/roles.h"

static float ratio(const Builder *b, const Operand *operand, const Result *result) {
  return (float)((double)codes_of_tensor(b, operand->tensor).scale / (double)result->codes.scale);
}

Status lower_pick(Builder *b) {
  const Node *node = b->node;
  Result result;
  if (node->input_count < 2 || !result_of(b, node->outputs[0], &result) ||
      (node->input_count > 2 && result.table >= 0))
    return lower_float(b);
  EdgeOpcode opcode = node_is(node, "Max") ? EDGE_OP_MAXIMUM : EDGE_OP_MINIMUM;
  Layout layout = elementwise_layout(b, node, &result.value->shape);
  Operand a = elementwise_operand(b, node->inputs[0], FORM_CODES);
  for (int i = 1; i < node->input_count; i++) {
    Operand c = elementwise_operand(b, node->inputs[i], FORM_CODES);
    a = elementwise_emit(b, opcode, &a, &c, ratio(b, &a, &result), ratio(b, &c, &result), &result, layout);
  }
  return b->status;
}
