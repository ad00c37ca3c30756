#include "quantize/qdq.h"

#include "quantize/graph_copy.h"
#include "quantize/plan.h"
#include "quantize/qdq_codes.h"

#include <stdio.h>

#define QDQ_OPSET 13        /* the first with an axis */
#define NARROW_QDQ_OPSET 21 /* the first with 4 bits and with blocks */

/* The new graph on its way. */
typedef struct Qdq {
  GraphCopy copy;
  QdqWeights weights;
} Qdq;

/* ---- names and nodes ---- */

static Value *add_constant(const Qdq *qdq, const char *base, const char *end, const Tensor *tensor) {
  return graph_copy_constant(&qdq->copy, base, end, tensor);
}

static const char *name_of(const Qdq *qdq, const char *base, const char *end) {
  return graph_copy_name(&qdq->copy, base, end);
}

static Value *add_value(const Qdq *qdq, const char *name, const Value *like, ElementType type) {
  Value *value = graph_copy_value(&qdq->copy, name, type);
  if (value == NULL) return NULL;
  value->has_shape = like->has_shape;
  value->shape = like->shape;
  return value;
}

/* QuantizeLinear or DequantizeLinear. */
static Node *add_linear(const Qdq *qdq, const char *type, Value *x, Value *scale, Value *zero_point,
                        Value *y) {
  char base[256];
  snprintf(base, sizeof base, "%.200s_%s", y->name, type);
  const char *name = graph_unused_name(qdq->copy.to, base, qdq->copy.err);
  if (name == NULL) return NULL;
  int inputs = zero_point == NULL ? 2 : 3;
  Node *node = graph_add_node(qdq->copy.to, name, "", type, (Value *[]){x, scale, zero_point}, inputs,
                              (Value *[]){y}, 1, qdq->copy.err);
  if (node != NULL) node->opset = QDQ_OPSET;
  return node;
}

/* ---- activations ---- */

/* Codes of 8 bits that another instruction reads, or a table in the same one. */
static bool has_pair(const Value *value) {
  const QuantSpec *spec = value->spec;
  return value->constant == NULL && value->type == ELEMENT_FLOAT32 && spec != NULL && spec->bits == 8 &&
         spec->scale_count == 1 && (spec->kind == QUANT_INTEGER || spec->kind == QUANT_INTERNAL);
}

/* The pair behind `source`. An output of the graph keeps its name: then the pair ends in it. */
static Status add_pair(Qdq *qdq, const Value *value, Value *source) {
  const QuantSpec *spec = value->spec;
  Arena *arena = &qdq->copy.to->arena;
  Value *scale =
      add_constant(qdq, value->name, "_scale", qdq_scale(arena, (double)spec->scales[0], qdq->copy.err));
  Value *zero_point =
      add_constant(qdq, value->name, "_zero_point",
                   qdq_integer(arena, QDQ_ACTIVATION, spec->zero_point + QDQ_OFFSET, qdq->copy.err));
  Value *codes = add_value(qdq, name_of(qdq, value->name, "_quantized"), value, QDQ_ACTIVATION);
  Value *reals = qdq->copy.read[value->index];
  if (reals == NULL)
    reals = add_value(qdq, name_of(qdq, value->name, "_dequantized"), value, ELEMENT_FLOAT32);
  if (scale == NULL || zero_point == NULL || codes == NULL || reals == NULL) return qdq->copy.err->status;
  qdq->copy.read[value->index] = reals;
  if (add_linear(qdq, "QuantizeLinear", source, scale, zero_point, codes) == NULL ||
      add_linear(qdq, "DequantizeLinear", codes, scale, zero_point, reals) == NULL)
    return qdq->copy.err->status;
  return OK;
}

/* Gives an old value that flows its place in the new graph. */
static Status copy_value(Qdq *qdq, const Value *value) {
  Value *copy = value->is_input ? graph_add_input(qdq->copy.to, value->name, value->type,
                                                  value->has_shape ? &value->shape : NULL, qdq->copy.err)
                                : add_value(qdq, value->name, value, value->type);
  if (copy == NULL) return qdq->copy.err->status;
  qdq->copy.made[value->index] = copy;
  if (!has_pair(value)) {
    qdq->copy.read[value->index] = copy;
  } else if (value->is_output && !value->is_input) {
    qdq->copy.read[value->index] = copy;
    qdq->copy.made[value->index] = add_value(qdq, name_of(qdq, value->name, "_float"), value, value->type);
    if (qdq->copy.made[value->index] == NULL) return qdq->copy.err->status;
  }
  return OK;
}

/* ---- constants ---- */

static Value *add_dequantized(const Qdq *qdq, const Value *value, QdqConstant *constant) {
  Value *codes = add_constant(qdq, value->name, "_quantized", constant->codes);
  Value *scales = add_constant(qdq, value->name, "_scale", constant->scales);
  bool has_zero_points = constant->zero_points != NULL;
  Value *zero_points =
      has_zero_points ? add_constant(qdq, value->name, "_zero_point", constant->zero_points) : NULL;
  if (codes == NULL || scales == NULL || (has_zero_points && zero_points == NULL)) return NULL;
  Value *reals = add_value(qdq, name_of(qdq, value->name, "_dequantized"), codes, ELEMENT_FLOAT32);
  if (reals == NULL) return NULL;
  Node *node = add_linear(qdq, "DequantizeLinear", codes, scales, zero_points, reals);
  if (node == NULL) return NULL;
  if (constant->codes->type == ELEMENT_INT4) node->opset = NARROW_QDQ_OPSET;
  if (constant->block_size > 0 &&
      node_set_int(qdq->copy.to, node, "block_size", constant->block_size, qdq->copy.err) != OK)
    return NULL;
  if (constant->axis >= 0 && node_set_int(qdq->copy.to, node, "axis", constant->axis, qdq->copy.err) != OK)
    return NULL;
  return reals;
}

/* What reads constant input `i` of the node: biases depend on the node. */
static Value *constant_input(Qdq *qdq, const Node *node, int i) {
  Value *value = node->inputs[i];
  QdqConstant constant;
  if (qdq->copy.read[value->index] != NULL) return qdq->copy.read[value->index];
  if (qdq_is_bias(node, i)) {
    if (qdq_bias(node, qdq->weights, &qdq->copy.to->arena, &constant, qdq->copy.err) != OK) return NULL;
    return add_dequantized(qdq, value, &constant);
  }
  if (qdq_has_codes(value)) {
    if (qdq_codes(value, qdq->weights, &qdq->copy.to->arena, &constant, qdq->copy.err) != OK) return NULL;
    return qdq->copy.read[value->index] = add_dequantized(qdq, value, &constant);
  }
  return qdq->copy.read[value->index] =
             graph_add_constant(qdq->copy.to, value->name, value->constant, qdq->copy.err);
}

/* ---- nodes ---- */

/* A clamp inside an instruction, and it allows every code. */
static bool is_saturation(const Node *node) {
  double low, high;
  const Value *in = node_input(node, 0), *out = node->outputs[0];
  if (!plan_is_clamp(node, &low, &high) || in == NULL || in->spec == NULL || !has_pair(out)) return false;
  if (in->spec->kind != QUANT_INTERNAL || in->spec->scale_count != 0) return false;
  return qdq_code(low, out->spec) <= INT8_MIN && qdq_code(high, out->spec) >= INT8_MAX;
}

static Status copy_node(Qdq *qdq, const Node *node) {
  Value **inputs = arena_new(&qdq->copy.to->arena, (size_t)node->input_count, sizeof *inputs, qdq->copy.err);
  if (inputs == NULL) return qdq->copy.err->status;
  for (int i = 0; i < node->input_count; i++) {
    const Value *input = node->inputs[i];
    if (input == NULL) continue;
    inputs[i] = input->constant != NULL ? constant_input(qdq, node, i) : qdq->copy.read[input->index];
    if (inputs[i] == NULL) return qdq->copy.err->status;
  }
  return graph_copy_node(&qdq->copy, node, inputs);
}

/* The node and the pairs behind its outputs. */
static Status convert_node(Qdq *qdq, const Node *node) {
  bool is_left_out = is_saturation(node);
  for (int o = 0; o < node->output_count; o++)
    if (node->outputs[o] != NULL && !is_left_out) TRY(copy_value(qdq, node->outputs[o]));
  if (is_left_out) {
    const Value *out = node->outputs[0];
    if (out->is_output) qdq->copy.read[out->index] = add_value(qdq, out->name, out, out->type);
    return add_pair(qdq, out, qdq->copy.made[node->inputs[0]->index]);
  }
  TRY(copy_node(qdq, node));
  for (int o = 0; o < node->output_count; o++) {
    const Value *value = node->outputs[o];
    if (value != NULL && has_pair(value)) TRY(add_pair(qdq, value, qdq->copy.made[value->index]));
  }
  return OK;
}

/* ---- the graph ---- */

static Status copy_inputs(Qdq *qdq) {
  for (int i = 0; i < qdq->copy.from->input_count; i++) {
    const Value *value = qdq->copy.from->inputs[i];
    TRY(copy_value(qdq, value));
    if (has_pair(value)) TRY(add_pair(qdq, value, qdq->copy.made[value->index]));
  }
  return OK;
}

static Status copy_outputs(Qdq *qdq) {
  for (int i = 0; i < qdq->copy.from->output_count; i++) {
    const Value *value = qdq->copy.from->outputs[i];
    Value *copy = value->is_input ? qdq->copy.made[value->index] : qdq->copy.read[value->index];
    if (copy == NULL && value->constant != NULL)
      copy = graph_add_constant(qdq->copy.to, value->name, value->constant, qdq->copy.err);
    if (copy == NULL) return qdq->copy.err->status;
    TRY(graph_add_output(qdq->copy.to, copy, qdq->copy.err));
  }
  return OK;
}

static Status convert(Qdq *qdq) {
  TRY(copy_inputs(qdq));
  for (int n = 0; n < qdq->copy.from->node_count; n++) TRY(convert_node(qdq, qdq->copy.from->nodes[n]));
  TRY(copy_outputs(qdq));
  return graph_refresh(qdq->copy.to, qdq->copy.err);
}

Status qdq_make(const Graph *graph, QdqWeights weights, Graph **qdq, Error *err) {
  Qdq made = {.weights = weights};
  *qdq = graph_new(err);
  if (*qdq == NULL) return err->status;
  Status status = graph_copy_begin(&made.copy, graph, *qdq, "cannot be written as QDQ", err);
  if (status == OK) status = convert(&made);
  if (status == OK) return OK;
  graph_free(*qdq);
  *qdq = NULL;
  return status;
}
