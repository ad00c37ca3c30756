#include "distill/projection.h"

#include "distill/initialize.h"

#include <stdlib.h>

static Status finish(Graph *graph, uint64_t seed, Error *err) {
  InitializeReport report;
  TRY(graph_refresh(graph, err));
  TRY(op_bind_graph(graph, err));
  TRY(op_infer_graph(graph, err));
  return initialize_graph(graph, INITIALIZE_lecun, seed, &report, err);
}

/* The input's gradient is asked for, and that of every constant. */
static Status prepare_backward(Projection *made, Error *err) {
  Value **wanted = arena_new(&made->graph->arena, (size_t)made->graph->value_count, sizeof *wanted, err);
  if (wanted == NULL) return err->status;
  int count = 0;
  for (int v = 0; v < made->graph->value_count; v++) {
    Value *value = made->graph->values[v];
    if (value == made->input || value->constant != NULL) wanted[count++] = value;
  }
  return backward_new(&made->backward, made->graph, wanted, count, &made->output, 1, err);
}

Status projection_new(Projection **projection, const Shape *shape, const FeatureForm *form,
                      const FeatureWindows *windows, int64_t channels, const char *name, uint64_t seed,
                      Error *err) {
  Projection *made = *projection = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->graph = graph_new(err);
  if (made->graph == NULL) return err->status;
  Value *value = made->input = graph_add_input(made->graph, "x", ELEMENT_FLOAT32, shape, err);
  if (value != NULL && feature_is_pooled(windows)) value = feature_pool(made->graph, value, windows, err);
  if (value != NULL && form->channels != channels)
    value = feature_map_channels(made->graph, value, form, channels, name, err);
  if (value == NULL) return err->status;
  made->output = value;
  TRY(graph_add_output(made->graph, value, err));
  TRY(finish(made->graph, seed, err));
  return prepare_backward(made, err);
}

void projection_free(Projection *projection) {
  if (projection == NULL) return;
  backward_free(projection->backward);
  graph_free(projection->graph);
  free(projection);
}
