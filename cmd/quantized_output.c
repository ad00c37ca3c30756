#include "cmd/quantized_output.h"

#include "formats/onnx/onnx.h"
#include "operators/op.h"
#include "quantize/qop_make.h"

static Status build_edge(const Graph *graph, const QuantizedForm *form, Arena *arena, void **built,
                         size_t *bytes, Error *err) {
  EdgeProgram program = {0};
  Status status = lower_graph(graph, &program, err);
  arena->spill_from = program.arena.spill_from;
  if (status == OK) status = edge_file_build(&program, form->metadata, form->edge, arena, built, bytes, err);
  edge_program_free(&program);
  return status;
}

static Status write_edge(const Graph *graph, const QuantizedForm *form, OutputFile *out, size_t *bytes,
                         Error *err) {
  Arena arena = {0};
  void *built = NULL;
  Status status = build_edge(graph, form, &arena, &built, bytes, err);
  if (status == OK) status = output_write_from(out, &arena, built, *bytes, err);
  arena_free(&arena);
  return status;
}

static Status write_qdq(const Graph *graph, const QuantizedForm *form, OutputFile *out, size_t *bytes,
                        Error *err) {
  Graph *qdq;
  TRY(qdq_make(graph, form->weights, &qdq, err));
  qdq->producer = ONNX_OWN_PRODUCER;
  Status status = onnx_upgrade(qdq, 0, err);
  if (status == OK && form->is_qoperator) status = qop_make(qdq, NULL, err);
  if (status == OK) status = op_bind_graph(qdq, err);
  if (status == OK) status = declared_shapes_restore(&form->declared, qdq, err);
  if (status == OK) status = onnx_write_to(out, qdq, bytes, err);
  graph_free(qdq);
  return status;
}

Status quantized_output_write(Graph *graph, const QuantizedForm *form, OutputFile *out, size_t *bytes,
                              Error *err) {
  return form->is_qdq ? write_qdq(graph, form, out, bytes, err) : write_edge(graph, form, out, bytes, err);
}
