#include "quantize/qdq.h"

#include "quantize/plan.h"
#include "quantize/qdq_codes.h"

#include <stdio.h>

#define QDQ_OPSET 13        /* the first with an axis */
#define NARROW_QDQ_OPSET 21 /* the first with 4 bits and with blocks */

/* The new graph on its way. */
typedef struct Qdq {
  const Graph *from;
  Graph *to;
  QdqWeights weights;
  Value **made; /* by index of the old value: what its producer writes; NULL until there */
  Value **read; /* what its readers read */
  Error *err;
} Qdq;

/* ---- names and nodes ---- */

static const char *name_of(const Qdq *qdq, const char *base, const char *end) {
  char text[256];
  snprintf(text, sizeof text, "%.200s%s", base, end);
  return graph_unused_name(qdq->to, text, qdq->err);
}

static Value *add_constant(const Qdq *qdq, const char *base, const char *end, const Tensor *tensor) {
  const char *name = tensor == NULL ? NULL : name_of(qdq, base, end);
  return name == NULL ? NULL : graph_add_constant(qdq->to, name, tensor, qdq->err);
}

static Value *add_value(const Qdq *qdq, const char *name, const Value *like, ElementType type) {
  Value *value = name == NULL ? NULL : graph_add_value(qdq->to, name, qdq->err);
  if (value == NULL) return NULL;
  value->type = type;
  value->has_shape = like->has_shape;
  value->shape = like->shape;
  return value;
}

/* QuantizeLinear or DequantizeLinear. */
static Node *add_linear(const Qdq *qdq, const char *type, Value *x, Value *scale, Value *zero_point,
                        Value *y) {
  char base[256];
  snprintf(base, sizeof base, "%.200s_%s", y->name, type);
  const char *name = graph_unused_name(qdq->to, base, qdq->err);
  if (name == NULL) return NULL;
  int inputs = zero_point == NULL ? 2 : 3;
  Node *node = graph_add_node(qdq->to, name, "", type, (Value *[]){x, scale, zero_point}, inputs,
                              (Value *[]){y}, 1, qdq->err);
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
  Arena *arena = &qdq->to->arena;
  Value *scale =
      add_constant(qdq, value->name, "_scale", qdq_scale(arena, (double)spec->scales[0], qdq->err));
  Value *zero_point =
      add_constant(qdq, value->name, "_zero_point",
                   qdq_integer(arena, QDQ_ACTIVATION, spec->zero_point + QDQ_OFFSET, qdq->err));
  Value *codes = add_value(qdq, name_of(qdq, value->name, "_quantized"), value, QDQ_ACTIVATION);
  Value *reals = qdq->read[value->index];
  if (reals == NULL)
    reals = add_value(qdq, name_of(qdq, value->name, "_dequantized"), value, ELEMENT_FLOAT32);
  if (scale == NULL || zero_point == NULL || codes == NULL || reals == NULL) return qdq->err->status;
  qdq->read[value->index] = reals;
  if (add_linear(qdq, "QuantizeLinear", source, scale, zero_point, codes) == NULL ||
      add_linear(qdq, "DequantizeLinear", codes, scale, zero_point, reals) == NULL)
    return qdq->err->status;
  return OK;
}

/* Gives an old value that flows its place in the new graph. */
static Status copy_value(Qdq *qdq, const Value *value) {
  Value *copy = value->is_input ? graph_add_input(qdq->to, value->name, value->type,
                                                  value->has_shape ? &value->shape : NULL, qdq->err)
                                : add_value(qdq, value->name, value, value->type);
  if (copy == NULL) return qdq->err->status;
  qdq->made[value->index] = copy;
  if (!has_pair(value)) {
    qdq->read[value->index] = copy;
  } else if (value->is_output && !value->is_input) {
    qdq->read[value->index] = copy;
    qdq->made[value->index] = add_value(qdq, name_of(qdq, value->name, "_float"), value, value->type);
    if (qdq->made[value->index] == NULL) return qdq->err->status;
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
      node_set_int(qdq->to, node, "block_size", constant->block_size, qdq->err) != OK)
    return NULL;
  if (constant->axis >= 0 && node_set_int(qdq->to, node, "axis", constant->axis, qdq->err) != OK) return NULL;
  return reals;
}

/* What reads constant input `i` of the node: biases depend on the node. */
static Value *constant_input(Qdq *qdq, const Node *node, int i) {
  Value *value = node->inputs[i];
  QdqConstant constant;
  if (qdq->read[value->index] != NULL) return qdq->read[value->index];
  if (qdq_is_bias(node, i)) {
    if (qdq_bias(node, qdq->weights, &qdq->to->arena, &constant, qdq->err) != OK) return NULL;
    return add_dequantized(qdq, value, &constant);
  }
  if (qdq_has_codes(value)) {
    if (qdq_codes(value, qdq->weights, &qdq->to->arena, &constant, qdq->err) != OK) return NULL;
    return qdq->read[value->index] = add_dequantized(qdq, value, &constant);
  }
  return qdq->read[value->index] = graph_add_constant(qdq->to, value->name, value->constant, qdq->err);
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
  Arena *arena = &qdq->to->arena;
  Value **inputs = arena_new(arena, (size_t)node->input_count, sizeof *inputs, qdq->err);
  Value **outputs = arena_new(arena, (size_t)node->output_count, sizeof *outputs, qdq->err);
  if (inputs == NULL || outputs == NULL) return qdq->err->status;
  for (int i = 0; i < node->input_count; i++) {
    const Value *input = node->inputs[i];
    if (input == NULL) continue;
    inputs[i] = input->constant != NULL ? constant_input(qdq, node, i) : qdq->read[input->index];
    if (inputs[i] == NULL) return qdq->err->status;
  }
  for (int o = 0; o < node->output_count; o++)
    outputs[o] = node->outputs[o] == NULL ? NULL : qdq->made[node->outputs[o]->index];
  Node *copy = graph_add_node(qdq->to, node->name, node->domain, node->type, inputs, node->input_count,
                              outputs, node->output_count, qdq->err);
  if (copy == NULL) return qdq->err->status;
  copy->attributes = node->attributes;
  copy->attribute_count = node->attribute_count;
  copy->opset = node->opset;
  return OK;
}

/* The node and the pairs behind its outputs. */
static Status convert_node(Qdq *qdq, const Node *node) {
  bool is_left_out = is_saturation(node);
  for (int o = 0; o < node->output_count; o++)
    if (node->outputs[o] != NULL && !is_left_out) TRY(copy_value(qdq, node->outputs[o]));
  if (is_left_out) {
    const Value *out = node->outputs[0];
    if (out->is_output) qdq->read[out->index] = add_value(qdq, out->name, out, out->type);
    return add_pair(qdq, out, qdq->made[node->inputs[0]->index]);
  }
  TRY(copy_node(qdq, node));
  for (int o = 0; o < node->output_count; o++) {
    const Value *value = node->outputs[o];
    if (value != NULL && has_pair(value)) TRY(add_pair(qdq, value, qdq->made[value->index]));
  }
  return OK;
}

/* ---- the graph ---- */

static Status copy_frame(Qdq *qdq) {
  const Graph *from = qdq->from;
  Graph *to = qdq->to;
  to->name = from->name;
  to->producer = from->producer;
  to->ir_version = from->ir_version;
  to->opsets = from->opsets;
  to->opset_count = from->opset_count;
  for (int i = 0; i < from->symbol_count; i++)
    if (graph_symbol(to, from->symbols[i], qdq->err) < 0) return qdq->err->status;
  qdq->made = arena_new(&to->arena, (size_t)from->value_count, sizeof *qdq->made, qdq->err);
  qdq->read = arena_new(&to->arena, (size_t)from->value_count, sizeof *qdq->read, qdq->err);
  return qdq->made == NULL || qdq->read == NULL ? qdq->err->status : OK;
}

static Status copy_inputs(Qdq *qdq) {
  for (int i = 0; i < qdq->from->input_count; i++) {
    const Value *value = qdq->from->inputs[i];
    TRY(copy_value(qdq, value));
    if (has_pair(value)) TRY(add_pair(qdq, value, qdq->made[value->index]));
  }
  return OK;
}

static Status copy_outputs(Qdq *qdq) {
  for (int i = 0; i < qdq->from->output_count; i++) {
    const Value *value = qdq->from->outputs[i];
    Value *copy = value->is_input ? qdq->made[value->index] : qdq->read[value->index];
    if (copy == NULL && value->constant != NULL)
      copy = graph_add_constant(qdq->to, value->name, value->constant, qdq->err);
    if (copy == NULL) return qdq->err->status;
    TRY(graph_add_output(qdq->to, copy, qdq->err));
  }
  return OK;
}

static Status convert(Qdq *qdq) {
  TRY(copy_frame(qdq));
  TRY(copy_inputs(qdq));
  for (int n = 0; n < qdq->from->node_count; n++) {
    const Node *node = qdq->from->nodes[n];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL)
        return fail(qdq->err, UNSUPPORTED, "node '%s' (%s): control flow cannot be written as QDQ",
                    node->name, node->type);
    TRY(convert_node(qdq, node));
  }
  TRY(copy_outputs(qdq));
  return graph_refresh(qdq->to, qdq->err);
}

Status qdq_make(const Graph *graph, QdqWeights weights, Graph **qdq, Error *err) {
  *qdq = graph_new(err);
  if (*qdq == NULL) return err->status;
  Status status = convert(&(Qdq){.from = graph, .to = *qdq, .weights = weights, .err = err});
  if (status == OK) return OK;
  graph_free(*qdq);
  *qdq = NULL;
  return status;
}
