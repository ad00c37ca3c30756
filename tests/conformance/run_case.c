/* Runs one test in this process. */
#include "tests/conformance/conformance.h"

#include "formats/onnx/onnx.h"
#include "interpreter/fold.h"
#include "interpreter/interpreter.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_ROOM 1024

Status load_model(const char *folder, Graph **graph, Error *err) {
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/model.onnx", folder);
  TRY(onnx_read(path, graph, err));
  Status status = op_bind_graph(*graph, err);
  if (status == OK) status = op_infer_graph(*graph, err);
  if (status == OK) return OK;
  graph_free(*graph);
  *graph = NULL;
  return status;
}

static Status read_stored(const char *folder, const char *kind, int i, ElementType type, Arena *arena,
                          Tensor **tensor, Error *err) {
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", folder, kind, i);
  return read_value(path, type, arena, tensor, err);
}

static Status compare_outputs(const char *folder, const Graph *graph, const Runner *runner, Arena *arena,
                              Error *err) {
  for (int i = 0; i < graph->output_count; i++) {
    Tensor *expected;
    TRY(read_stored(folder, "output", i, graph->outputs[i]->type, arena, &expected, err));
    if (tensors_agree(runner_output(runner, i), expected, err) != OK)
      return fail_within(err, "output %d ('%s')", i, graph->outputs[i]->name);
  }
  return OK;
}

static Status run_and_compare(const char *folder, const Graph *graph, Runner *runner, Arena *arena,
                              Error *err) {
  Tensor **inputs = arena_new(arena, (size_t)graph->input_count, sizeof *inputs, err);
  if (inputs == NULL) return SYSTEM;
  for (int i = 0; i < graph->input_count; i++)
    TRY(read_stored(folder, "input", i, graph->inputs[i]->type, arena, &inputs[i], err));
  TRY(runner_run(runner, (const Tensor *const *)inputs, NULL, err));
  return compare_outputs(folder, graph, runner, arena, err);
}

static Status run_graph(const char *folder, const Graph *graph, RunMode mode, Error *err) {
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  Arena arena = {0};
  Status status;
  TRY_GOTO(status, interpreter_new(&interpreter, graph, err), done);
  if (mode.plain) interpreter_use_plain(interpreter);
  TRY_GOTO(status, runner_new(&runner, interpreter, err), done);
  status = run_and_compare(folder, graph, runner, &arena, err);
done:
  runner_free(runner);
  interpreter_free(interpreter);
  arena_free(&arena);
  return status;
}

Status run_case(const char *folder, RunMode mode, Error *err) {
  Graph *graph;
  TRY(load_model(folder, &graph, err));
  PassReport report;
  Status status = mode.passes ? passes_run(graph, &interpreter_pass_hooks, &report, err) : OK;
  if (status == OK) status = run_graph(folder, graph, mode, err);
  graph_free(graph);
  return status;
}
