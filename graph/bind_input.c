/* Shapes that the user or the data give to a model's inputs. */
#include "graph/graph.h"

static void bind_symbol(Graph *graph, Dim symbol, Dim dim) {
  for (int i = 0; i < graph->input_count; i++)
    for (int d = 0; d < graph->inputs[i]->shape.rank; d++)
      if (graph->inputs[i]->shape.dims[d] == symbol) graph->inputs[i]->shape.dims[d] = dim;
}

static Status refuse_shape(const Graph *graph, const Value *input, const Shape *shape, Error *err) {
  Text declared = {0}, given = {0};
  shape_print(&declared, &input->shape, graph);
  shape_print(&given, shape, graph);
  Status status = fail(err, BAD_INPUT, "input '%s' has the shape %s, which %s does not fit", input->name,
                       declared.failed ? "?" : declared.bytes, given.failed ? "?" : given.bytes);
  text_free(&declared);
  text_free(&given);
  return status;
}

static void forget_inferred(Graph *graph) {
  for (int v = 0; v < graph->value_count; v++)
    if (graph->values[v]->producer != NULL) graph->values[v]->has_shape = false;
}

Status graph_bind_input(Graph *graph, Value *input, const Shape *shape, Error *err) {
  bool fits = shape_is_known(shape) && (!input->has_shape || input->shape.rank == shape->rank);
  for (int d = 0; fits && input->has_shape && d < shape->rank; d++)
    fits = !dim_is_known(input->shape.dims[d]) || input->shape.dims[d] == shape->dims[d];
  if (!fits) return refuse_shape(graph, input, shape, err);
  if (input->has_shape && shape_equals(&input->shape, shape)) return OK; /* what was inferred still holds */
  for (int d = 0; input->has_shape && d < shape->rank; d++)
    if (input->shape.dims[d] < DIM_UNKNOWN) bind_symbol(graph, input->shape.dims[d], shape->dims[d]);
  input->has_shape = true;
  input->shape = *shape;
  forget_inferred(graph);
  return OK;
}
