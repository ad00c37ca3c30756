/* Role sum: Add and Sub become ADD. */
#include "lower/elementwise.h"
#include "lower/roles.h"

Status lower_sum(Builder *b) {
  const Node *node = b->node;
  Result result;
  if (node->input_count != 2 || (!node_is(node, "Add") && !node_is(node, "Sub")) ||
      !result_of(b, node->outputs[0], &result))
    return lower_float(b);
  Operand a = elementwise_operand(b, node->inputs[0], FORM_CODES);
  Operand c = elementwise_operand(b, node->inputs[1], FORM_CODES);
  double scale = (double)result.codes.scale, sign = node_is(node, "Sub") ? -1 : 1;
  float a_mult = (float)((double)codes_of_tensor(b, a.tensor).scale / scale);
  float b_mult = (float)(sign * (double)codes_of_tensor(b, c.tensor).scale / scale);
  Layout layout = elementwise_layout(b, node, &result.value->shape);
  elementwise_emit(b, EDGE_OP_ADD, &a, &c, a_mult, b_mult, &result, layout);
  return b->status;
}
