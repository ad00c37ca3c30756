/* x * (1 + Erf(x / sqrt 2)) / 2 in its orders becomes Gelu. */
#include "graph/passes/pass_tools.h"

#define GELU_OPSET 20
#define SQRT_2 1.41421356237309504880

/* x / sqrt 2, written as a quotient or a product. */
static bool is_argument(const Value *x, const Value *argument) {
  double number;
  const Node *div = pass_producer(argument, "Div"), *mul = pass_producer(argument, "Mul");
  if (div != NULL) return pass_operand(div, false, &number) == x && pass_is_about(number, SQRT_2);
  return pass_operand(mul, true, &number) == x && pass_is_about(number, 1.0 / SQRT_2);
}

static bool is_gate(const Value *x, const Value *gate, double scalar) {
  double one;
  if (!pass_is_about(scalar, 0.5)) return false;
  const Value *erf_output = pass_operand(pass_producer(gate, "Add"), true, &one);
  const Node *erf_node = pass_producer(erf_output, "Erf");
  return erf_node != NULL && one == 1.0 && is_argument(x, erf_node->inputs[0]);
}

Status pass_fuse_gelu(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  if (!hooks->supports("Gelu", GELU_OPSET)) return OK;
  return pass_fuse_gated(graph, "Gelu", GELU_OPSET, is_gate, rewrites, err);
}
