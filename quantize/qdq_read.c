#include "quantize/qdq_read.h"

#include "quantize/qdq_constant.h"
#include "quantize/qop_read.h"

#include <string.h>

static bool are_equal(const Tensor *a, const Tensor *b) {
  if (a == NULL || b == NULL) return a == b;
  return a->type == b->type && tensor_elements(a) == tensor_elements(b) &&
         memcmp(a->data, b->data, tensor_bytes(a)) == 0;
}

/* ---- activations ---- */

/* The QuantizeLinear before a DequantizeLinear, if both mean the same codes: 8 bits, one scale. */
static Node *pair_of(const Node *last) {
  if (!node_is(last, "DequantizeLinear") || last->inputs[0]->producer == NULL) return NULL;
  Node *first = last->inputs[0]->producer;
  const Tensor *scale = node_constant(last, 1), *zero_point = node_constant(last, 2);
  if (!node_is(first, "QuantizeLinear") || first->inputs[0]->constant != NULL) return NULL;
  if (scale == NULL || tensor_elements(scale) != 1 || scale->type != ELEMENT_FLOAT32) return NULL;
  if (!qdq_is_scale(tensor_get(scale, 0)) || !are_equal(scale, node_constant(first, 1))) return NULL;
  bool has_zero_point = node_input(last, 2) != NULL || node_input(first, 2) != NULL;
  if (has_zero_point && (zero_point == NULL || !qdq_is_8bit(zero_point) || tensor_elements(zero_point) != 1 ||
                         !are_equal(zero_point, node_constant(first, 2))))
    return NULL;
  return last->inputs[0]->type == ELEMENT_INT8 || last->inputs[0]->type == ELEMENT_UINT8 ? first : NULL;
}

/* What was quantized is now called as what its readers got: that is what its codes mean. False for inputs and
   outputs of the graph, which keep their names. */
static bool rename_source(Value *source, Value *result) {
  Node *producer = source->producer;
  if (producer == NULL || source->is_output) return false;
  for (int o = 0; o < producer->output_count; o++)
    if (producer->outputs[o] == source) producer->outputs[o] = result;
  result->producer = producer;
  source->producer = NULL;
  return true;
}

/* Takes the pair that ends in `last` out. */
static Status take_pair(Graph *graph, Node *last, QdqTaken *taken, Error *err) {
  const Node *first = pair_of(last);
  if (first == NULL) return OK;
  Value *source = first->inputs[0], *result = last->outputs[0];
  bool is_renamed = rename_source(source, result);
  if (!is_renamed && result->is_output) return OK;
  Value *left = is_renamed ? result : source, *gone = is_renamed ? source : result;
  TRY(qdq_give_activation(graph, left, last, err));
  graph_replace_value(graph, gone, left);
  node_remove(last);
  taken->parameters++;
  return graph_refresh(graph, err);
}

/* ---- the graph ---- */

Status qdq_read(Graph *graph, QdqTaken *taken, Error *err) {
  *taken = (QdqTaken){0};
  TRY(qop_read(graph, err));
  for (int n = 0; n < graph->node_count; n++) {
    if (!node_is(graph->nodes[n], "DequantizeLinear")) continue;
    TRY(qdq_take_constant(graph, graph->nodes[n], taken, err));
  }
  /* outputs first: others are then called like them, not the other way round */
  for (int outputs = 1; outputs >= 0; outputs--)
    for (int n = 0; n < graph->node_count; n++) {
      Node *node = graph->nodes[n];
      if (node_is(node, "DequantizeLinear") && node->outputs[0] != NULL &&
          node->outputs[0]->is_output == (outputs == 1))
        TRY(take_pair(graph, node, taken, err));
    }
  return graph_sweep(graph, err);
}
