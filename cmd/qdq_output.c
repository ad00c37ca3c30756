/* The output of `edgec quantize` where it is an ONNX model: written, read back and run like any other. */
#include "cmd/overwrite.h"
#include "cmd/quantize_job.h"
#include "quantize/qop_read.h"

#include <string.h>

enum { FORMAT_EDGE, FORMAT_QDQ, FORMAT_QOPERATOR }; /* of --format */

/* "dir/model.onnx" -> "dir/model.int8.onnx" */
static const char *default_output(Arena *arena, const char *path, Error *err) {
  size_t length = strlen(path);
  if (text_ends_with(path, ".onnx")) length -= strlen(".onnx");
  char *stem = arena_text_of(arena, path, length, err);
  return stem == NULL ? NULL : arena_format(arena, err, "%s.int8.onnx", stem);
}

Status qdq_output_choose(QuantizeJob *job, Error *err) {
  bool is_named = job->output != NULL && text_ends_with(job->output, ".onnx");
  bool is_given = options_was_given(job->options, "format");
  job->is_qdq = is_given ? options_choice(job->options, "format") != FORMAT_EDGE : is_named;
  job->is_qoperator = is_given && options_choice(job->options, "format") == FORMAT_QOPERATOR;
  if (is_named && !job->is_qdq)
    return fail(err, BAD_USAGE, "option --format: edge is not what a name ending in .onnx is for: %s",
                job->output);
  if (!job->is_qdq)
    return options_refuse(job->options, "qdq-weights", "without --format qdq or qoperator", err);
  TRY(options_refuse(job->options, "uncompressed", "with an ONNX model as the output", err));
  Arena *arena = (Arena *)(uintptr_t)&job->options->arena;
  if (job->output == NULL) job->output = default_output(arena, job->model.path, err);
  if (job->output == NULL) return err->status;
  TRY(declared_shapes_note(&job->declared, job->model.graph, arena, err));
  return overwrite_check(job->output, OUTPUT_ONNX, options_flag(job->options, "force"), err);
}

Status qdq_output_check(const QuantizeJob *job, Error *err) {
  const Graph *graph = job->model.graph;
  if (job->settings.activations == ACTIVATIONS_16BIT)
    return fail(err, UNSUPPORTED, "%s: activations of 16 bits are written to .edge files only", job->output);
  for (int n = 0; n < graph->node_count; n++)
    if (graph->nodes[n]->activation_bits == 16)
      return fail(err, UNSUPPORTED,
                  "%s: node '%s' has results of 16 bits, which edgec writes to .edge files only", job->output,
                  graph->nodes[n]->name);
  return OK;
}

Status qdq_output_read(QuantizeJob *job, const OutputFile *out, Error *err) {
  TRY(model_open(&job->qdq, out->temporary, err));
  job->qdq.path = job->output;
  for (int i = 0; i < job->inputs.count; i++)
    TRY(graph_bind_input(job->qdq.graph, job->qdq.graph->inputs[i], &job->inputs.forms[i].shape, err));
  TRY(model_infer(&job->qdq, err));
  if (job->is_qoperator) TRY(qop_read(job->qdq.graph, err)); /* the same, with the faster float kernels */
  TRY(model_clean(&job->qdq, err));
  Graph *graph = job->model.graph;
  return accounting_make(&job->accounting, graph, NULL, NULL, 0, &graph->arena, err);
}
