#include "cmd/declared_shapes.h"

#include "operators/op.h"

static const Value *copy_values(Value *const *values, int count, Arena *arena, Error *err) {
  Value *copy = arena_new(arena, (size_t)count, sizeof *copy, err);
  for (int i = 0; copy != NULL && i < count; i++) copy[i] = *values[i];
  return copy;
}

Status declared_shapes_note(DeclaredShapes *declared, const Graph *graph, Arena *arena, Error *err) {
  declared->inputs = copy_values(graph->inputs, graph->input_count, arena, err);
  declared->outputs = copy_values(graph->outputs, graph->output_count, arena, err);
  return declared->inputs == NULL || declared->outputs == NULL ? err->status : OK;
}

static void take_shapes(Value *const *values, const Value *from, int count) {
  for (int i = 0; i < count; i++) {
    values[i]->has_shape = from[i].has_shape;
    values[i]->shape = from[i].shape;
  }
}

static void forget_shapes(Graph *graph) {
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->producer != NULL) graph->values[v]->has_shape = false;
}

/* Dimensions that are free in the file are free, the others have the same size. */
static bool agrees(const Value *declared, const Value *computed) {
  if (!declared->has_shape || !computed->has_shape || declared->shape.rank != computed->shape.rank)
    return false;
  for (int d = 0; d < declared->shape.rank; d++) {
    Dim a = declared->shape.dims[d], b = computed->shape.dims[d];
    if (dim_is_known(a) != dim_is_known(b) || (dim_is_known(a) && a != b)) return false;
  }
  return true;
}

Status declared_shapes_restore(const DeclaredShapes *declared, Graph *graph, Error *err) {
  Arena arena = {0};
  DeclaredShapes bound;
  Status status = declared_shapes_note(&bound, graph, &arena, err);
  if (status == OK) {
    take_shapes(graph->inputs, declared->inputs, graph->input_count);
    forget_shapes(graph);
    bool fits = op_infer_graph(graph, NULL) == OK;
    for (int i = 0; fits && i < graph->output_count; i++)
      fits = agrees(&declared->outputs[i], graph->outputs[i]);
    take_shapes(graph->inputs, fits ? declared->inputs : bound.inputs, graph->input_count);
    take_shapes(graph->outputs, fits ? declared->outputs : bound.outputs, graph->output_count);
  }
  arena_free(&arena);
  return status;
}
