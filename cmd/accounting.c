#include "cmd/accounting.h"

#include "cmd/summary_line.h"
#include "formats/edge/edge_steps.h"
#include "operators/op.h"

#include <stdio.h>
#include <string.h>

/* ---- what runs in float ---- */

static bool is_moving(const Node *node) {
  OpRole role = op_role(node, NULL);
  return role == ROLE_VIEW || role == ROLE_SAME_SCALE || role == ROLE_GATHER;
}

/* Why quantization keeps a node in float; NULL where it does not. */
static const char *decided_reason(const Node *node) {
  const char *reason = NULL;
  OpRole role = op_role(node, &reason);
  if (node->outputs[0] == NULL || role == ROLE_INDEX) return NULL;
  if (role == ROLE_FLOAT) return summary_reason(reason);
  if (node->float_reason != NULL) return summary_reason(node->float_reason);
  const QuantSpec *spec = node->outputs[0]->spec;
  return spec != NULL && spec->kind == QUANT_FLOAT ? summary_reason(spec->reason) : NULL;
}

/* Lowering may find that the integer form of an operator does not reach to this node. What the file computes
   in float counts, whatever was decided; an instruction without a name belongs to the next one with one. */
static void add_undecided(Accounting *accounting, const Graph *graph, const EdgeFile *file) {
  EdgeStep step;
  bool is_float = false;
  for (EdgeWalk walk = edge_walk(&file->model); edge_walk_next(&walk, &step);) {
    is_float |= step.is_float;
    if (step.layer[0] == '\0') continue;
    const Value *value = is_float ? graph_find_value(graph, step.layer) : NULL;
    is_float = false;
    if (value == NULL || value->producer == NULL) continue;
    const char **reason = &accounting->float_reasons[value->producer->index];
    if (*reason == NULL) *reason = "its integer form does not reach to these shapes or attributes";
  }
}

Status accounting_make(Accounting *accounting, const Graph *graph, const EdgeFile *file, const void *bytes,
                       size_t size, Arena *arena, Error *err) {
  *accounting = (Accounting){0};
  accounting->float_reasons =
      arena_new(arena, (size_t)graph->node_count, sizeof *accounting->float_reasons, err);
  if (accounting->float_reasons == NULL) return err->status;
  for (int n = 0; n < graph->node_count; n++) accounting->float_reasons[n] = decided_reason(graph->nodes[n]);
  if (file != NULL) add_undecided(accounting, graph, file);
  for (int n = 0; n < graph->node_count; n++) accounting->float_nodes += accounting->float_reasons[n] != NULL;
  if (file == NULL) return OK;
  accounting->is_integer_only = edge_is_integer_only(&file->model);
  edge_parts(bytes, size, &accounting->parts);
  return edge_constants(&accounting->constants, &file->model, arena, err);
}

/* ---- bytes ---- */

int64_t accounting_bytes(const Value *value) {
  const QuantSpec *spec = value->spec;
  if (value->constant == NULL || spec == NULL || spec->kind != QUANT_INTEGER) return 0;
  return (tensor_elements(value->constant) * spec->bits + 7) / 8;
}

/* The weight of a linear node; NULL: it has none, or a node before it has the same. */
static const Value *own_weight(const Node *node) {
  Error err;
  LinearForm form;
  if (op_role(node, NULL) != ROLE_LINEAR || node->op->linear == NULL) return NULL;
  if (node->op->linear(node, &form, &err) != OK) return NULL;
  const Value *weight = node->inputs[form.weight];
  return weight->constant != NULL && weight->users[0] == node ? weight : NULL;
}

static int64_t weight_bytes(const Value *weight) {
  const QuantSpec *spec = weight->spec;
  int64_t coded = accounting_bytes(weight);
  if (coded == 0) return (int64_t)tensor_bytes(weight->constant);
  return spec->group_size == 0 ? coded
                               : coded + spec->scale_count * quant_groups(spec, &weight->constant->shape);
}

void accounting_weights(const Graph *graph, int64_t *bytes, int64_t *in8) {
  *bytes = *in8 = 0;
  for (int n = 0; n < graph->node_count; n++) {
    const Value *weight = own_weight(graph->nodes[n]);
    if (weight == NULL) continue;
    *bytes += weight_bytes(weight);
    *in8 += tensor_elements(weight->constant);
  }
}

/* ---- --require-full ---- */

/* Nodes that only move values compute nothing, in whatever form they do it. */
static bool computes_in_float(const Accounting *accounting, const Node *node) {
  return accounting->float_reasons[node->index] != NULL && !is_moving(node);
}

static void list_float(const Accounting *accounting, const Graph *graph, Text *text) {
  int count = 0;
  Text list = {0};
  for (int n = 0; n < graph->node_count; n++) {
    if (!computes_in_float(accounting, graph->nodes[n])) continue;
    text_add(&list, "%s%s (%s: %s)", count > 0 ? ", " : "", graph->nodes[n]->name, graph->nodes[n]->type,
             accounting->float_reasons[n]);
    count++;
  }
  text_add(text, "--require-full: %d node%s in float: %s", count, count == 1 ? "" : "s",
           list.length > 0 ? list.bytes : "");
  text_free(&list);
}

void accounting_gate(const Options *options, const Accounting *accounting, const Graph *graph,
                     GateResults *gates) {
  if (!options_flag(options, "require-full")) return;
  if (accounting->is_integer_only) {
    gates_add(gates, "require-full", true, "nothing is computed in float");
    return;
  }
  Text text = {0};
  list_float(accounting, graph, &text);
  gates_add(gates, "require-full", false, text.failed ? "--require-full" : text.bytes);
  text_free(&text);
}

/* ---- JSON ---- */

/* What becomes of a node: "float", "dynamic", "index", "moved", or "integer"; and the bits of its weights. */
static void node_json(const Accounting *accounting, const Node *node, Json *json) {
  OpRole role = op_role(node, NULL);
  const char *reason = accounting->float_reasons[node->index];
  bool is_dynamic = node->form == FORM_DYNAMIC;
  json_object_begin(json, NULL);
  json_string(json, "name", node->name);
  json_string(json, "operator", node->type);
  json_string(json, "runs",
              is_dynamic           ? "dynamic"
              : reason != NULL     ? "float"
              : role == ROLE_INDEX ? "index"
              : is_moving(node)    ? "moved"
                                   : "integer");
  bool is_coded = reason == NULL || node->form != FORM_AS_TENSORS;
  if (is_coded && node->weight_bits > 0) json_int(json, "weight_bits", node->weight_bits);
  if (reason != NULL) json_string(json, "reason", reason);
  if (node->output_count > 0 && node->outputs[0] != NULL) json_string(json, "output", node->outputs[0]->name);
  json_object_end(json);
}

static void constant_json(const EdgeConstant *constant, Json *json) {
  json_object_begin(json, NULL);
  json_string(json, "layer", constant->layer);
  json_string(json, "instruction", constant->opcode);
  json_int(json, "operand", constant->operand);
  json_int(json, "bytes", constant->bytes);
  json_object_end(json);
}

void accounting_json(const Accounting *accounting, const Graph *graph, Json *json) {
  json_array_begin(json, "nodes");
  for (int n = 0; n < graph->node_count; n++) node_json(accounting, graph->nodes[n], json);
  json_array_end(json);
  json_array_begin(json, "parts");
  for (int i = 0; i < accounting->parts.count; i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", accounting->parts.parts[i].name);
    json_int(json, "bytes", accounting->parts.parts[i].bytes);
    json_int(json, "unpacked", accounting->parts.parts[i].raw);
    json_object_end(json);
  }
  json_array_end(json);
  json_array_begin(json, "constants");
  for (int i = 0; i < accounting->constants.count; i++)
    constant_json(&accounting->constants.constants[i], json);
  json_array_end(json);
  json_int(json, "constant_gaps", accounting->constants.gaps);
}
