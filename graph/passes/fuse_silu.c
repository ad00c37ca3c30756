/* x * Sigmoid(x), known as SiLU, becomes Swish. */
#include "graph/passes/pass_tools.h"

#define SWISH_OPSET 24

static bool is_gate(const Value *x, const Value *gate, double scalar) {
  const Node *sigmoid = pass_producer(gate, "Sigmoid");
  return sigmoid != NULL && scalar == 1.0 && sigmoid->inputs[0] == x;
}

Status pass_fuse_silu(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  if (!hooks->supports("Swish", SWISH_OPSET)) return OK;
  return pass_fuse_gated(graph, "Swish", SWISH_OPSET, is_gate, rewrites, err);
}
