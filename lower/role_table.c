/* Role table: any function of one element is a look-up in 256 results of its own kernel. */
#include "lower/roles.h"

Status lower_table(Builder *b) {
  const Node *node = b->node;
  const Value *x = NULL, *output = node->outputs[0];
  for (int i = 0; i < node->input_count && x == NULL; i++)
    if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL) x = node->inputs[i];
  Result result;
  if (x == NULL || !is_function_of(node, x) || !shape_equals(&x->shape, &output->shape) ||
      output->spec->kind != QUANT_INTEGER || !result_of(b, output, &result))
    return lower_float(b);
  int32_t in = build_get(b, x, FORM_CODES, LAYOUT_ANY);
  int32_t table = function_table(b, node, x, codes_of_tensor(b, in), result.codes);
  int32_t y = result_tensor(b, &result, build_layout(b, x));
  build_emit(b, EDGE_OP_TABLE, INPUTS(in, table), y, NULL, 0);
  return b->status;
}
