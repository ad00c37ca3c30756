#include "quantize/qop_make.h"

#include "operators/qlinear/qlinear.h"

#include <string.h>

typedef struct Fusing {
  Graph *graph;
  int made;
  Error *err;
} Fusing;

/* ---- the nodes around ---- */

/* The DequantizeLinear that makes the value from codes of such a type; NULL where there is none. */
static Node *dequantizer(const Value *value, uint32_t types) {
  Node *node = value == NULL ? NULL : value->producer;
  if (!node_is(node, "DequantizeLinear") || node->inputs[0] == NULL) return NULL;
  if (!element_in(node->inputs[0]->type, types) || node_constant(node, 1) == NULL) return NULL;
  return types != QUANT_CODES_8 || node_constant(node, 2) != NULL ? node : NULL;
}

/* The QuantizeLinear that alone reads the value. */
static Node *quantizer(const Value *value) {
  if (value == NULL || !value_has_one_user(value)) return NULL;
  Node *node = value->users[0];
  bool fits = node_is(node, "QuantizeLinear") && node_constant(node, 1) != NULL &&
              node_constant(node, 2) != NULL && tensor_elements(node->inputs[1]->constant) == 1;
  return fits && element_in(node->inputs[2]->type, QUANT_CODES_8) ? node : NULL;
}

/* Operand i of the node; NULL where it is not made from codes whose scales the quantized form can take. */
static Node *operand(const Node *node, const QLinearForm *form, int i) {
  Node *from = dequantizer(node_input(node, i), QUANT_CODES_8);
  int axis;
  if (from == NULL || tensor_elements(from->inputs[1]->constant) == 1) return from;
  const Value *codes = from->inputs[0];
  bool has_axis = codes->constant != NULL && node_int(from, "block_size", 0) == 0 &&
                  axis_normalize(node_int(from, "axis", 1), codes->shape.rank, &axis);
  return has_axis && axis == qlinear_axis(form, node, i, codes->shape.rank) ? from : NULL;
}

/* ---- attributes ---- */

static bool is_real(const QLinearForm *form, const char *type) {
  return strcmp(form->real, type) == 0;
}

/* What the quantized form cannot say. */
static bool has_attributes_of_form(const Node *node, const QLinearForm *form) {
  if (is_real(form, "Gemm"))
    return node_float(node, "alpha", 1) > 0 &&
           (node_input(node, 2) == NULL || node_float(node, "beta", 1) == 1) &&
           (node_input(node, 2) == NULL || node_float(node, "alpha", 1) == 1);
  return !is_real(form, "AveragePool") || node_attribute(node, "dilations") == NULL;
}

static Status set_attributes(const Fusing *fusing, Node *node, const QLinearForm *form) {
  Graph *graph = fusing->graph;
  int64_t opset = node->opset > 0 ? node->opset : graph_opset(graph, "");
  if (is_real(form, "Softmax")) {
    TRY(node_set_int(graph, node, "axis", node_int(node, "axis", opset < 13 ? 1 : -1), fusing->err));
    return node_set_int(graph, node, "opset", opset, fusing->err);
  }
  if (!is_real(form, "Gemm") || node_attribute(node, "beta") == NULL) return OK;
  Attribute *kept = arena_new(&graph->arena, (size_t)node->attribute_count, sizeof *kept, fusing->err);
  int count = 0;
  for (int i = 0; kept != NULL && i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, "beta") != 0) kept[count++] = node->attributes[i];
  if (kept == NULL) return fusing->err->status;
  node->attributes = kept;
  node->attribute_count = count;
  return OK;
}

/* ---- operators ---- */

/* The inputs of the quantized form; false where one of the node's is no code. */
static bool gather_operands(const Node *node, const QLinearForm *form, Value **inputs) {
  int count = form->count > 0 ? form->count : node->input_count;
  if (form->count > 0 && node->input_count > count + (form->bias >= 0)) return false;
  for (int i = 0; i < count; i++) {
    const Node *from = operand(node, form, i);
    if (from == NULL) return false;
    QLinearOperand at = qlinear_operand(form, i);
    inputs[at.codes] = from->inputs[0];
    inputs[at.scale] = from->inputs[1];
    inputs[at.zero_point] = from->inputs[2];
  }
  if (form->bias < 0 || node_input(node, count) == NULL) return true;
  const Node *bias = dequantizer(node_input(node, count), ELEMENT_BIT(ELEMENT_INT32));
  if (bias == NULL) return false;
  inputs[form->bias] = bias->inputs[0];
  return true;
}

static int inputs_of(const Node *node, const QLinearForm *form, const Value *const *inputs) {
  if (form->count == 0) return form->in[0].codes + 3 * node->input_count;
  int last = form->out.zero_point > form->bias ? form->out.zero_point : form->bias;
  while (last >= 0 && inputs[last] == NULL) last--;
  return last + 1;
}

/* Gemm may leave its result in float. */
static bool has_result(const Node *node, const QLinearForm *form, const Node *quantize) {
  return quantize != NULL || (is_real(form, "Gemm") && node->outputs[0] != NULL);
}

static Status fuse(Fusing *fusing, Node *node, const QLinearForm *form) {
  size_t room = (size_t)(node->input_count > 2 ? 3 * node->input_count : 6) + 4;
  Value **inputs = arena_new(&fusing->graph->arena, room, sizeof *inputs, fusing->err);
  if (inputs == NULL) return fusing->err->status;
  Node *quantize = quantizer(node->outputs[0]);
  if (!has_result(node, form, quantize) || !has_attributes_of_form(node, form)) return OK;
  if (!gather_operands(node, form, inputs)) return OK;
  TRY(set_attributes(fusing, node, form));
  if (quantize != NULL) {
    inputs[form->out.scale] = quantize->inputs[1];
    inputs[form->out.zero_point] = quantize->inputs[2];
    node->outputs = quantize->outputs;
    node->outputs[0]->producer = node;
    node_remove(quantize);
  }
  node->input_count = inputs_of(node, form, (const Value *const *)inputs);
  node->inputs = inputs;
  node->domain = form->domain;
  node->type = form->type;
  if (form->domain[0] != '\0') node->opset = 0;
  fusing->made++;
  return OK;
}

/* ---- moves ---- */

static bool same_number(const Value *a, const Value *b) {
  double left, right;
  return value_scalar(a, &left) && value_scalar(b, &right) && left == right;
}

static bool moves_codes(const Node *node) {
  static const char *const types[] = {"MaxPool", "Reshape",   "Flatten", "Transpose",
                                      "Squeeze", "Unsqueeze", "Slice",   "Gather"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (node_is(node, types[i])) return node->output_count == 1;
  return false;
}

static Status fuse_move(Fusing *fusing, Node *node) {
  const Node *from = dequantizer(node_input(node, 0), QUANT_CODES_8);
  Node *quantize = quantizer(node->outputs[0]);
  if (from == NULL || quantize == NULL || from->inputs[2]->type != quantize->inputs[2]->type) return OK;
  if (!same_number(from->inputs[1], quantize->inputs[1]) ||
      !same_number(from->inputs[2], quantize->inputs[2]))
    return OK;
  Value **inputs = arena_new(&fusing->graph->arena, (size_t)node->input_count, sizeof *inputs, fusing->err);
  if (inputs == NULL) return fusing->err->status;
  memcpy(inputs, node->inputs, (size_t)node->input_count * sizeof *inputs);
  inputs[0] = from->inputs[0];
  node->inputs = inputs;
  node->outputs = quantize->outputs;
  node->outputs[0]->producer = node;
  node_remove(quantize);
  return OK;
}

/* ---- the graph ---- */

static Status fuse_node(Fusing *fusing, Node *node) {
  const QLinearForm *form = node->domain[0] == '\0' ? qlinear_form_of(node->type) : NULL;
  if (form != NULL) return fuse(fusing, node, form);
  return moves_codes(node) ? fuse_move(fusing, node) : OK;
}

/* DequantizeLinear nodes that nobody reads any more. */
static Status drop_dead(const Fusing *fusing) {
  TRY(graph_sweep(fusing->graph, fusing->err));
  for (int n = 0; n < fusing->graph->node_count; n++) {
    Node *node = fusing->graph->nodes[n];
    const Value *made = node->outputs[0];
    if (node_is(node, "DequantizeLinear") && made->user_count == 0 && !made->is_output) node_remove(node);
  }
  return graph_sweep(fusing->graph, fusing->err);
}

static Status add_opset(const Fusing *fusing) {
  Graph *graph = fusing->graph;
  if (graph_opset(graph, QLINEAR_DOMAIN) != 0) return OK;
  Opset *opsets = arena_new(&graph->arena, (size_t)graph->opset_count + 1, sizeof *opsets, fusing->err);
  if (opsets == NULL) return fusing->err->status;
  memcpy(opsets, graph->opsets, (size_t)graph->opset_count * sizeof *opsets);
  opsets[graph->opset_count++] = (Opset){.domain = QLINEAR_DOMAIN, .version = 1};
  graph->opsets = opsets;
  return OK;
}

Status qop_make(Graph *qdq, int *made, Error *err) {
  Fusing fusing = {.graph = qdq, .err = err};
  for (int n = 0; n < qdq->node_count; n++)
    if (qdq->nodes[n]->type != NULL) TRY(fuse_node(&fusing, qdq->nodes[n]));
  TRY(drop_dead(&fusing));
  if (made != NULL) *made = fusing.made;
  return add_opset(&fusing);
}
