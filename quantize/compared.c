#include "quantize/compared.h"

#include <math.h>

static bool is_softmax(const Node *node) {
  return node_is(node, "Softmax") || node_is(node, "LogSoftmax");
}

/* Elements of a row of the last axis; 0 where rows are not of that kind. */
static int64_t softmax_row(const Graph *graph, const Node *node) {
  const Shape *shape = &node->inputs[0]->shape;
  bool is_flat = graph_opset(graph, "") < 13; /* from the axis on, all is one row */
  int64_t axis = node_int(node, "axis", is_flat ? 1 : -1);
  if (axis < 0) axis += shape->rank;
  if (axis < 0 || axis >= shape->rank || (!is_flat && axis != shape->rank - 1)) return 0;
  return shape_product(shape, (int)axis, shape->rank);
}

Compared compared_of(const Graph *graph, const Value *output) {
  const Value *value = output;
  while (value->producer != NULL && value->producer->op != NULL && value->producer->op->is_alias)
    value = value->producer->inputs[0];
  const Node *node = value->producer;
  if (node == NULL || !is_softmax(node) || !node->inputs[0]->has_shape) return (Compared){.value = output};
  return (Compared){.value = node->inputs[0], .row = softmax_row(graph, node)};
}

double compared_power(const Compared *compared, const float *a, const float *b, int64_t count) {
  int64_t row = compared->row > 0 ? compared->row : count;
  double power = 0;
  for (int64_t r = 0; r + row <= count && row > 0; r += row) {
    double sum = 0, squares = 0;
    for (int64_t i = r; i < r + row; i++) {
      double x = (double)a[i] - (b == NULL ? 0 : (double)b[i]);
      sum += x;
      squares += x * x;
    }
    power += squares - (compared->row > 0 ? sum * sum / (double)row : 0);
  }
  return fmax(power, 0);
}
