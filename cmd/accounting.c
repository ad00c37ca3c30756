#include "cmd/accounting.h"

#include "cmd/summary_line.h"
#include "formats/edge/edge_steps.h"
#include "operators/op.h"

#include <stdio.h>
#include <string.h>

/* ---- what runs in float ---- */

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

Status accounting_make(Accounting *accounting, const Graph *graph, const EdgeFile *file, Arena *arena,
                       Error *err) {
  *accounting = (Accounting){0};
  accounting->float_reasons =
      arena_new(arena, (size_t)graph->node_count, sizeof *accounting->float_reasons, err);
  if (accounting->float_reasons == NULL) return err->status;
  for (int n = 0; n < graph->node_count; n++) accounting->float_reasons[n] = decided_reason(graph->nodes[n]);
  add_undecided(accounting, graph, file);
  for (int n = 0; n < graph->node_count; n++) accounting->float_nodes += accounting->float_reasons[n] != NULL;
  return OK;
}

/* ---- --require-full ---- */

static void list_float(const Accounting *accounting, const Graph *graph, Text *text) {
  bool first = true;
  text_add(text, "--require-full: %d node%s in float: ", accounting->float_nodes,
           accounting->float_nodes == 1 ? "" : "s");
  for (int n = 0; n < graph->node_count; n++) {
    if (accounting->float_reasons[n] == NULL) continue;
    text_add(text, "%s%s (%s: %s)", first ? "" : ", ", graph->nodes[n]->name, graph->nodes[n]->type,
             accounting->float_reasons[n]);
    first = false;
  }
}

void accounting_gate(const Options *options, const Accounting *accounting, const Graph *graph,
                     GateResults *gates) {
  if (!options_flag(options, "require-full")) return;
  if (accounting->float_nodes == 0) {
    gates_add(gates, "require-full", true, "nothing is computed in float");
    return;
  }
  Text text = {0};
  list_float(accounting, graph, &text);
  gates_add(gates, "require-full", false, text.failed ? "--require-full" : text.bytes);
  text_free(&text);
}
