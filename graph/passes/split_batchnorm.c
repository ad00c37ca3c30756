/* A BatchNormalization that stands behind no linear operator becomes Mul and Add with constants [C, 1, 1]. */
#include "graph/passes/affine.h"
#include "graph/passes/pass_tools.h"

/* The numbers of the channels, shaped to broadcast to `x`. */
static Value *operand(Graph *graph, const Node *node, const Value *x, const double *numbers, int64_t channels,
                      const char *end, Error *err) {
  Shape shape = {.rank = x->shape.rank - 1};
  for (int d = 0; d < shape.rank; d++) shape.dims[d] = d == 0 ? channels : 1;
  Tensor *tensor = tensor_new(&graph->arena, x->type, &shape, err);
  if (tensor == NULL) return NULL;
  for (int64_t c = 0; c < channels; c++) tensor_set(tensor, c, numbers[c]);
  const char *base = arena_format(&graph->arena, err, "%s%s", node->name, end);
  return base == NULL ? NULL : pass_new_constant(graph, base, tensor, err);
}

static Status replace(Graph *graph, Node *node, const Affine *affine, Error *err) {
  Value *x = node->inputs[0];
  Value *scale = operand(graph, node, x, affine->scale, affine->channels, "_scale", err);
  Value *shift = operand(graph, node, x, affine->shift, affine->channels, "_shift", err);
  const char *base = arena_format(&graph->arena, err, "%s_scaled", node->name);
  const char *name = base == NULL ? NULL : graph_unused_name(graph, base, err);
  Value *scaled = name == NULL ? NULL : graph_add_value(graph, name, err);
  if (scale == NULL || shift == NULL || scaled == NULL) return err->status;
  if (graph_add_node(graph, name, "", "Mul", (Value *[]){x, scale}, 2, &scaled, 1, err) == NULL ||
      pass_replace(graph, node, "Add", 0, (Value *[]){scaled, shift}, 2, err) == NULL)
    return err->status;
  return OK;
}

static Status split_at(Graph *graph, Node *node, int *rewrites, Error *err) {
  const Value *x = node->inputs[0];
  const Tensor *gamma = node_constant(node, 1);
  if (gamma == NULL || !x->has_shape || x->shape.rank < 2 || !element_is_float(x->type)) return OK;
  Arena scratch = {0};
  Affine affine;
  Status status = affine_new(&affine, tensor_elements(gamma), &scratch, err);
  if (status == OK && affine_add_batchnorm(&affine, node) && affine_is_finite(&affine)) {
    status = replace(graph, node, &affine, err);
    ++*rewrites;
  }
  arena_free(&scratch);
  return status;
}

Status pass_split_batchnorm(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  (void)hooks;
  int before = *rewrites, count = graph->node_count;
  for (int n = 0; n < count; n++)
    if (node_is(graph->nodes[n], "BatchNormalization")) TRY(split_at(graph, graph->nodes[n], rewrites, err));
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
