#include "quantize/units.h"

#include "operators/op.h"

static bool is_inside(const Value *value) {
  return value != NULL && value->spec != NULL && value->spec->kind == QUANT_INTERNAL;
}

static bool has_codes(const Value *value) {
  return value != NULL && value->spec != NULL && value->spec->scale_count == 1 &&
         (value->spec->kind == QUANT_INTEGER || value->spec->kind == QUANT_INTERNAL);
}

/* Is it a function that is part of the instruction before it? */
static bool is_fused(const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (is_inside(node->inputs[i])) return true;
  return false;
}

static bool is_unit(const Node *node) {
  OpRole role = op_role(node, NULL);
  if (role == ROLE_FLOAT || role == ROLE_INDEX || role == ROLE_VIEW || role == ROLE_SAME_SCALE) return false;
  return node->float_reason == NULL && !is_fused(node) &&
         (has_codes(node->outputs[0]) || is_inside(node->outputs[0]));
}

static Status find_weight(const Node *node, Unit *unit, Error *err) {
  if (op_role(node, NULL) != ROLE_LINEAR || node->op->linear == NULL) return OK;
  LinearForm form;
  TRY(node->op->linear(node, &form, err));
  Value *weight = node->inputs[form.weight];
  if (weight->constant == NULL || weight->constant->type != ELEMENT_FLOAT32 || weight->spec == NULL ||
      weight->spec->kind != QUANT_INTEGER)
    return OK;
  unit->weight = weight;
  unit->axis = form.channel_axis;
  return OK;
}

Status units_find(const Graph *graph, Unit *units, int *count, Error *err) {
  *count = 0;
  for (int i = 0; i < graph->input_count; i++)
    if (has_codes(graph->inputs[i])) units[(*count)++] = (Unit){.first = graph->inputs[i]};
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    if (!is_unit(node)) continue;
    units[*count] = (Unit){.node = node, .first = node->outputs[0]};
    TRY(find_weight(node, &units[(*count)++], err));
  }
  return OK;
}

Value *unit_next(const Value *value) {
  return is_inside(value) && value->user_count == 1 ? value->users[0]->outputs[0] : NULL;
}

void unit_mark(const Unit *unit, bool *is_rounded) {
  for (const Value *value = unit->first; value != NULL; value = unit_next(value))
    if (has_codes(value)) is_rounded[value->index] = true;
}
