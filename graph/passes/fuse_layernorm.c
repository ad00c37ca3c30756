/* The mean, variance and scale of an axis, written out, become LayerNormalization. */
#include "graph/passes/norm_pattern.h"

#define LAYERNORM_OPSET 17

/* The numbers of `value`, or ones, as a vector along the axis. */
static Value *vector_of(Graph *graph, const Node *last, const NormPattern *pattern, Value *value,
                        Error *err) {
  if (value != NULL && value->shape.rank == 1) return value;
  Shape shape = SHAPE(pattern->x->shape.dims[pattern->axis]);
  Tensor *tensor = tensor_new(&graph->arena, pattern->x->type, &shape, err);
  if (tensor == NULL) return NULL;
  for (int64_t i = 0; i < shape.dims[0]; i++)
    tensor_set(tensor, i, value != NULL ? tensor_get(value->constant, i) : 1);
  return pass_new_constant(graph, value != NULL ? value->name : last->name, tensor, err);
}

static Value *add_node(Graph *graph, const Node *last, const char *type, const char *end,
                       Value *const *inputs, int count, Node **node, Error *err) {
  const char *base = arena_format(&graph->arena, err, "%s%s", last->name, end);
  const char *name = base == NULL ? NULL : graph_unused_name(graph, base, err);
  Value *value = name == NULL ? NULL : graph_add_value(graph, name, err);
  *node = value == NULL ? NULL : graph_add_node(graph, name, "", type, inputs, count, &value, 1, err);
  return *node == NULL ? NULL : value;
}

/* `axis` and the last one change places, which is its own inverse. */
static Status set_swap(Graph *graph, Node *transpose, int rank, int axis, Error *err) {
  int64_t order[GRAPH_MAX_RANK];
  for (int d = 0; d < rank; d++) order[d] = d == axis ? rank - 1 : d == rank - 1 ? axis : d;
  return node_set_ints(graph, transpose, "perm", order, (size_t)rank, err);
}

static Status set_norm(Graph *graph, Node *norm, const NormPattern *pattern, Error *err) {
  TRY(node_set_int(graph, norm, "axis", -1, err));
  return node_set_float(graph, norm, "epsilon", pattern->epsilon, err);
}

/* Over another axis than the last one: between two Transposes. */
static Status replace_swapped(Graph *graph, Node *last, const NormPattern *pattern, Value *scale, Value *bias,
                              Error *err) {
  int rank = pattern->x->shape.rank;
  Node *before, *norm;
  Value *x = pattern->x;
  Value *swapped = add_node(graph, last, "Transpose", "_swapped", &x, 1, &before, err);
  if (swapped == NULL) return err->status;
  Value *normal = add_node(graph, last, "LayerNormalization", "_normal", (Value *[]){swapped, scale, bias},
                           bias != NULL ? 3 : 2, &norm, err);
  Node *after = normal == NULL ? NULL : pass_replace(graph, last, "Transpose", 0, &normal, 1, err);
  if (after == NULL) return err->status;
  norm->opset = LAYERNORM_OPSET;
  TRY(set_swap(graph, before, rank, pattern->axis, err));
  TRY(set_swap(graph, after, rank, pattern->axis, err));
  return set_norm(graph, norm, pattern, err);
}

static Status replace(Graph *graph, Node *last, const NormPattern *pattern, Error *err) {
  Value *scale = vector_of(graph, last, pattern, pattern->scale, err), *bias = NULL;
  if (scale != NULL && pattern->bias != NULL) bias = vector_of(graph, last, pattern, pattern->bias, err);
  if (scale == NULL || (pattern->bias != NULL && bias == NULL)) return err->status;
  if (pattern->axis != pattern->x->shape.rank - 1)
    return replace_swapped(graph, last, pattern, scale, bias, err);
  Node *norm = pass_replace(graph, last, "LayerNormalization", LAYERNORM_OPSET,
                            (Value *[]){pattern->x, scale, bias}, bias != NULL ? 3 : 2, err);
  return norm == NULL ? err->status : set_norm(graph, norm, pattern, err);
}

/* From the last node on: the end of a pattern comes before what is in it. */
Status pass_fuse_layernorm(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err) {
  if (!hooks->supports("LayerNormalization", LAYERNORM_OPSET)) return OK;
  int before = *rewrites;
  for (int n = graph->node_count - 1; n >= 0; n--) {
    NormPattern pattern;
    if (graph->nodes[n]->type == NULL || !norm_pattern_at(graph->nodes[n], &pattern)) continue;
    if (!element_is_float(pattern.x->type) || !dim_is_known(pattern.x->shape.dims[pattern.axis])) continue;
    TRY(replace(graph, graph->nodes[n], &pattern, err));
    for (int i = 0; i < pattern.inner_count; i++) node_remove(pattern.inner[i]);
    ++*rewrites;
  }
  return *rewrites > before ? graph_sweep(graph, err) : OK;
}
