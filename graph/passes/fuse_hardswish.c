/* x * HardSigmoid(x) with alpha 1/6 and beta 1/2, and x * Clip(x + 3, 0, 6) / 6, become HardSwish. */
#include "graph/passes/pass_tools.h"

#define HARDSWISH_OPSET 14

/* Clip(x + 3, 0, 6), its limits as inputs or (before opset 11) as attributes. */
static bool is_clipped(const Value *x, const Value *gate) {
  const Node *clip = pass_producer(gate, "Clip");
  double three, low, high;
  if (clip == NULL) return false;
  if (!value_scalar(node_input(clip, 1), &low)) low = node_float(clip, "min", -1);
  if (!value_scalar(node_input(clip, 2), &high)) high = node_float(clip, "max", -1);
  const Node *add = pass_producer(clip->inputs[0], "Add");
  return low == 0.0 && high == 6.0 && pass_operand(add, true, &three) == x && three == 3.0;
}

static bool is_gate(const Value *x, const Value *gate, double scalar) {
  const Node *sigmoid = pass_producer(gate, "HardSigmoid");
  if (sigmoid == NULL) return pass_is_about(scalar, 1.0 / 6.0) && is_clipped(x, gate);
  return scalar == 1.0 && sigmoid->inputs[0] == x &&
         pass_is_about(node_float(sigmoid, "alpha", 0.2), 1.0 / 6.0) &&
         node_float(sigmoid, "beta", 0.5) == 0.5;
}

Status pass_fuse_hardswish(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  if (!hooks->supports("HardSwish", HARDSWISH_OPSET)) return OK;
  return pass_fuse_gated(graph, "HardSwish", HARDSWISH_OPSET, is_gate, rewrites, err);
}
