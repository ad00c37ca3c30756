#include "cmd/runnable.h"

#include "cmd/summary_line.h"
#include "formats/edge/edge_steps.h"

#include <string.h>

Status runnable_open(Runnable *runnable, const char *path, Error *err) {
  *runnable = (Runnable){.path = path};
  TRY(model_is_edge(path, &runnable->is_edge, err));
  if (runnable->is_edge) return edge_file_open(&runnable->file, path, err);
  return model_open(&runnable->model, path, err);
}

void runnable_close(Runnable *runnable) {
  subject_free(runnable->subject);
  model_close(&runnable->model);
  edge_file_close(&runnable->file);
  *runnable = (Runnable){0};
}

static Status start_graph(Runnable *runnable, int workers, Error *err) {
  TRY(model_infer(&runnable->model, err));
  return subject_of_graph(&runnable->subject, runnable->path, runnable->model.graph, workers, err);
}

static Status start_edge(Runnable *runnable, int workers, Error *err) {
  return subject_of_edge(&runnable->subject, runnable->path, &runnable->file.model, &runnable->file.memory,
                         workers, err);
}

static Status bind_inputs(Runnable *runnable, Inputs *inputs, int workers, Error *err) {
  if (runnable->is_edge) {
    TRY(start_edge(runnable, workers, err));
    return inputs_bind_subject(inputs, runnable->subject, err);
  }
  TRY(inputs_bind_graph(inputs, runnable->model.graph, err));
  return start_graph(runnable, workers, err);
}

Status runnable_bind(Runnable *runnable, Inputs *inputs, int workers, Error *err) {
  Shape scores;
  TRY(bind_inputs(runnable, inputs, workers, err));
  if (subject_output_count(runnable->subject) < 1) return OK;
  bool is_known = subject_output_shape(runnable->subject, 0, &scores);
  return inputs_fit_labels(inputs, is_known ? &scores : NULL, err);
}

static Status check_input_count(const Runnable *runnable, int count, const Inputs *inputs, Error *err) {
  if (count == inputs->count) return OK;
  return fail(err, BAD_INPUT, "%s: has %d inputs, but the samples are for a model with %d", runnable->path,
              count, inputs->count);
}

static Status check_edge_inputs(const Runnable *runnable, const Inputs *inputs, Error *err) {
  const EdgeModel *model = &runnable->file.model;
  TRY(check_input_count(runnable, (int)edge_input_count(model), inputs, err));
  for (int i = 0; i < inputs->count; i++) {
    int64_t elements = tensor_elements(&inputs->forms[i]);
    if (elements != (int64_t)edge_input(model, (uint32_t)i)->elements)
      return fail(err, BAD_INPUT, "%s: input '%s' takes %u numbers, but a sample has %lld", runnable->path,
                  edge_input_name(model, (uint32_t)i), edge_input(model, (uint32_t)i)->elements,
                  (long long)elements);
  }
  return OK;
}

static Status bind_graph_inputs(Runnable *runnable, const Inputs *inputs, Error *err) {
  Graph *graph = runnable->model.graph;
  TRY(check_input_count(runnable, graph->input_count, inputs, err));
  for (int i = 0; i < inputs->count; i++) {
    const Value *input = graph->inputs[i];
    if (input->type != inputs->forms[i].type)
      return fail(err, BAD_INPUT, "%s: input '%s' takes %s, but the samples are made for %s", runnable->path,
                  input->name, element_name(input->type), element_name(inputs->forms[i].type));
    if (graph_bind_input(graph, graph->inputs[i], &inputs->forms[i].shape, err) != OK)
      return fail_within(err, "%s", runnable->path);
  }
  return OK;
}

Status runnable_follow(Runnable *runnable, const Inputs *inputs, int workers, Error *err) {
  if (runnable->is_edge) {
    TRY(check_edge_inputs(runnable, inputs, err));
    return start_edge(runnable, workers, err);
  }
  TRY(bind_graph_inputs(runnable, inputs, err));
  return start_graph(runnable, workers, err);
}

int64_t runnable_bytes(const Runnable *runnable) {
  return runnable->is_edge ? (int64_t)runnable->file.file_bytes : runnable->model.file_bytes;
}

int64_t runnable_macs(const Runnable *runnable) {
  return runnable->is_edge ? edge_macs(&runnable->file.model) : runnable->model.macs;
}

Status runnable_self_test(const Runnable *runnable, Error *err) {
  if (!runnable->is_edge) return OK;
  const EdgeModel *model = &runnable->file.model;
  void *arena = bytes_new(edge_arena_bytes(model), err);
  if (arena == NULL) return err->status;
  memset(arena, 0, edge_arena_bytes(model));
  EdgeStatus status = edge_self_test(model, arena);
  bytes_free(arena);
  return status == EDGE_OK ? OK : fail(err, BAD_INPUT, "%s: %s", runnable->path, edge_status_text(status));
}

void runnable_words(const Runnable *runnable, Text *text) {
  char count[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  if (runnable->is_edge) {
    const EdgeModel *model = &runnable->file.model;
    text_add(text, "%s, arena %s", edge_is_integer_only(model) ? "integer-only" : "partly in float",
             text_bytes(count, (double)edge_arena_bytes(model)));
    return;
  }
  text_add(text, "%s parameters, %s", text_count(count, runnable->model.parameters),
           summary_macs(macs, runnable_macs(runnable)));
}

void runnable_json(const Runnable *runnable, Json *json) {
  json_string(json, "path", runnable->path);
  json_string(json, "format", runnable->is_edge ? "edge" : "onnx");
  json_int(json, "bytes", runnable_bytes(runnable));
  json_int(json, "macs", runnable_macs(runnable));
  if (runnable->is_edge) {
    json_int(json, "arena_bytes", (int64_t)edge_arena_bytes(&runnable->file.model));
    json_bool(json, "integer_only", edge_is_integer_only(&runnable->file.model));
  } else {
    json_int(json, "parameters", runnable->model.parameters);
  }
}
