/*
 * model.h - an ONNX model as commands use it: read, checked, its inputs' shapes settled, cleaned by the
 * passes.
 *
 *     Model model;
 *     TRY(model_open(&model, "model.onnx", &err));             // read, weights checked, bound
 *     ... graph_bind_input() for what has no known shape ...
 *     TRY(model_infer(&model, &err));
 *     TRY(model_clean(&model, &err));                           // passes
 *     model_close(&model);
 */
#ifndef CMD_MODEL_H
#define CMD_MODEL_H

#include "graph/passes/passes.h"
#include "operators/op.h"

typedef struct Model {
  const char *path;
  Graph *graph;
  int64_t file_bytes;
  uint32_t file_crc;
  int node_count;     /* as the file has them, without Constant nodes */
  int64_t parameters; /* elements of constants that nodes read, floats only */
  int64_t macs;       /* of one sample; after model_infer() */
  PassReport passes;  /* after model_clean() */
} Model;

/* UNSUPPORTED with the complete list of operators that are missing. */
Status model_open(Model *model, const char *path, Error *err);
/* The same file once more; large weights are shared with `twin`, which must be as it was opened and outlive
   the new one. */
Status model_open_again(Model *model, const Model *twin, Error *err);
void model_close(Model *model); /* accepts a zeroed one */
Status model_infer(Model *model, Error *err);
Status model_clean(Model *model, Error *err);
/* Counts nodes and parameters anew, after the graph was changed. */
void model_count(Model *model);

/* The line of a summary that says what the passes changed; nothing where they found nothing. */
void model_pass_line(const Model *model, Text *text);

/* True if the file begins as an .edge file does. */
Status model_is_edge(const char *path, bool *is_edge, Error *err);

/* "dir/model.onnx" -> "dir/model.edge", in the arena. */
const char *model_default_output(Arena *arena, const char *path, Error *err);

#endif
