#include "cmd/batch_model.h"

/* One sample was bound; a micro-batch has any number. */
static void open_batch_axis(Graph *graph) {
  for (int i = 0; i < graph->input_count; i++)
    if (graph->inputs[i]->has_shape && graph->inputs[i]->shape.rank > 0)
      graph->inputs[i]->shape.dims[0] = DIM_UNKNOWN;
}

Status batch_model_bind(Model *model, const SampleReader *reader, Error *err) {
  Graph *graph = model->graph;
  if (graph->input_count != reader->input_count)
    return fail(err, BAD_INPUT, "%s: has %d inputs, and the samples are of %d", model->path,
                graph->input_count, reader->input_count);
  for (int i = 0; i < graph->input_count; i++)
    if (graph_bind_input(graph, graph->inputs[i], &reader->forms[i].shape, err) != OK)
      return fail_within(err, "%s", model->path);
  open_batch_axis(graph);
  return model_infer(model, err);
}
