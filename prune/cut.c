#include "prune/cut.h"

#include <stdlib.h>
#include <string.h>

typedef struct Cutting {
  Graph *graph;
  const Channels *channels;
  bool *kept;      /* by place */
  Shape *shapes;   /* by value: what it will have */
  int value_count; /* before nodes got new constants */
} Cutting;

static bool loses(const Cutting *cutting, const Value *value, int axis) {
  int64_t first = axis_first_place(cutting->channels->ties, value, axis);
  for (int64_t i = 0; first >= 0 && i < axis_size(value, axis); i++)
    if (!cutting->kept[first + i]) return true;
  return false;
}

static bool loses_any(const Cutting *cutting, const Value *value) {
  for (int d = 0; value->has_shape && d < value->shape.rank; d++)
    if (loses(cutting, value, d)) return true;
  return false;
}

static Shape shape_after(const Cutting *cutting, const Value *value) {
  Shape shape = value->shape;
  for (int d = 0; value->has_shape && d < shape.rank; d++) {
    int64_t first = axis_first_place(cutting->channels->ties, value, d), count = 0;
    if (first < 0) continue;
    for (int64_t i = 0; i < axis_size(value, d); i++) count += cutting->kept[first + i];
    shape.dims[d] = count;
  }
  return shape;
}

/* ---- constants ---- */

/* Copies what is kept from axis `axis` on; returns where the next elements go. */
static char *copy_kept(const Cutting *cutting, const Value *value, int axis, const char *from, char *to) {
  const Shape *shape = &value->constant->shape;
  size_t bytes = element_bytes(value->constant->type) * (size_t)shape_product(shape, axis, shape->rank);
  bool whole = true;
  for (int d = axis; d < shape->rank; d++) whole &= !loses(cutting, value, d);
  if (whole) {
    memcpy(to, from, bytes);
    return to + bytes;
  }
  int64_t first = axis_first_place(cutting->channels->ties, value, axis), size = shape->dims[axis];
  for (int64_t i = 0; i < size; i++)
    if (cutting->kept[first + i])
      to = copy_kept(cutting, value, axis + 1, from + bytes / (size_t)size * (size_t)i, to);
  return to;
}

static Status cut_constant(const Cutting *cutting, Value *value, Error *err) {
  const Shape *shape = &cutting->shapes[value->index];
  Tensor *tensor = tensor_new(&cutting->graph->arena, value->constant->type, shape, err);
  if (tensor == NULL) return err->status;
  if (tensor_elements(tensor) > 0) copy_kept(cutting, value, 0, value->constant->data, tensor->data);
  value->constant = tensor;
  value->shape = *shape;
  return OK;
}

/* ---- nodes ---- */

static Status slim_nodes(const Cutting *cutting, Error *err) {
  Graph *graph = cutting->graph;
  for (int n = 0; n < graph->node_count; n++) {
    Node *node = graph->nodes[n];
    AxisCut cut = {.graph = graph,
                   .node = node,
                   .params = node->params,
                   .ties = cutting->channels->ties,
                   .kept = cutting->kept,
                   .err = err};
    if (node->op->slim != NULL) TRY(node->op->slim(&cut));
  }
  return OK;
}

/* ---- shapes ---- */

static Status check_shape(const Cutting *cutting, const Value *value, Error *err) {
  const Shape *expected = &cutting->shapes[value->index];
  bool fits = value->has_shape && value->shape.rank == expected->rank;
  for (int d = 0; fits && d < expected->rank; d++)
    fits = !dim_is_known(expected->dims[d]) || expected->dims[d] == value->shape.dims[d];
  if (fits) return OK;
  return fail(err, UNSUPPORTED,
              "node '%s' (%s): with fewer channels, its output does not get the shape that it should",
              value->producer->name, value->producer->type);
}

static Status infer_anew(Cutting *cutting, const bool *changed, Error *err) {
  Graph *graph = cutting->graph;
  for (int v = 0; v < cutting->value_count; v++)
    if (changed[v] && graph->values[v]->producer != NULL) graph->values[v]->has_shape = false;
  TRY(graph_refresh(graph, err));
  TRY(op_bind_graph(graph, err));
  TRY(op_infer_graph(graph, err));
  for (int v = 0; v < cutting->value_count; v++)
    if (changed[v] && graph->values[v]->producer != NULL) TRY(check_shape(cutting, graph->values[v], err));
  return OK;
}

static Status cut_graph(Cutting *cutting, bool *changed, Error *err) {
  Graph *graph = cutting->graph;
  for (int v = 0; v < cutting->value_count; v++) {
    changed[v] = loses_any(cutting, graph->values[v]);
    cutting->shapes[v] = shape_after(cutting, graph->values[v]);
  }
  TRY(slim_nodes(cutting, err));
  for (int v = 0; v < cutting->value_count; v++)
    if (changed[v] && graph->values[v]->constant != NULL) TRY(cut_constant(cutting, graph->values[v], err));
  return infer_anew(cutting, changed, err);
}

Status channels_cut(Graph *graph, const Channels *channels, const bool *kept, Error *err) {
  int64_t places = axis_places(channels->ties);
  size_t values = (size_t)graph->value_count + 1;
  Cutting cutting = {.graph = graph,
                     .channels = channels,
                     .kept = malloc((size_t)places + 1),
                     .shapes = calloc(values, sizeof *cutting.shapes),
                     .value_count = graph->value_count};
  bool *changed = calloc(values, sizeof *changed);
  Status status = OK;
  if (cutting.kept == NULL || cutting.shapes == NULL || changed == NULL) {
    status = fail_memory(err);
  } else {
    for (int64_t p = 0; p < places; p++)
      cutting.kept[p] = channels->of_place[p] < 0 || kept[channels->of_place[p]];
    status = cut_graph(&cutting, changed, err);
  }
  free(cutting.kept);
  free(cutting.shapes);
  free(changed);
  return status;
}
