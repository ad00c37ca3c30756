/* Role product: Mul becomes MUL. */
#include "lower/elementwise.h"
#include "lower/roles.h"

Status lower_product(Builder *b) {
  const Node *node = b->node;
  Result result;
  if (node->input_count != 2 || !node_is(node, "Mul") || !result_of(b, node->outputs[0], &result))
    return lower_float(b);
  Operand a = elementwise_operand(b, node->inputs[0], FORM_CODES);
  Operand c = elementwise_operand(b, node->inputs[1], FORM_CODES);
  double scale = (double)codes_of_tensor(b, a.tensor).scale * (double)codes_of_tensor(b, c.tensor).scale;
  Layout layout = elementwise_layout(b, node, &result.value->shape);
  elementwise_emit(b, EDGE_OP_MUL, &a, &c, (float)(scale / (double)result.codes.scale), 0.0f, &result,
                   layout);
  return b->status;
}
