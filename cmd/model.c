#include "cmd/model.h"

#include "base/spill.h"
#include "cmd/summary_line.h"
#include "formats/edge/edge_file.h"
#include "formats/onnx/onnx.h"
#include "interpreter/fold.h"

#include <string.h>
#include <zlib.h>

static int64_t count_parameters(const Graph *graph) {
  int64_t count = 0;
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    if (value->constant != NULL && element_is_float(value->type) && value->user_count > 0)
      count += tensor_elements(value->constant);
  }
  for (int n = 0; n < graph->node_count; n++) {
    const Attribute *attribute = node_attribute(graph->nodes[n], "value");
    if (node_is(graph->nodes[n], "Constant") && attribute != NULL && attribute->tensor != NULL &&
        element_is_float(attribute->tensor->type))
      count += tensor_elements(attribute->tensor);
  }
  return count;
}

static int count_nodes(const Graph *graph) {
  int count = 0;
  for (int n = 0; n < graph->node_count; n++) count += !node_is(graph->nodes[n], "Constant");
  return count;
}

static int64_t count_macs(const Graph *graph) {
  int64_t macs = 0;
  for (int n = 0; n < graph->node_count; n++)
    if (graph->nodes[n]->op->cost != NULL) macs += graph->nodes[n]->op->cost(graph->nodes[n]).macs;
  return macs;
}

#define CRC_PIECE ((size_t)16 << 20) /* of a file that stays in memory at most */

static uint32_t crc_of(const MappedFile *file) {
  uint32_t crc = 0;
  for (size_t at = 0; at < file->size; at += CRC_PIECE) {
    size_t bytes = file->size - at < CRC_PIECE ? file->size - at : CRC_PIECE;
    crc = (uint32_t)crc32_z(crc, file->bytes + at, bytes);
    spill_release(file->bytes + at, bytes);
  }
  return crc;
}

static Status read_model(Model *model, const MappedFile *file, const Model *twin, Error *err) {
  model->file_bytes = (int64_t)file->size;
  model->file_crc = twin != NULL ? twin->file_crc : crc_of(file);
  TRY(onnx_read_mapped(model->path, file, twin == NULL ? NULL : twin->graph, &model->graph, err));
  Status status = twin != NULL ? OK : onnx_check_weights(model->graph, err);
  if (status == OK) status = op_bind_graph(model->graph, err);
  return status == OK ? OK : fail_within(err, "%s", model->path);
}

void model_count(Model *model) {
  model->node_count = count_nodes(model->graph);
  model->parameters = count_parameters(model->graph);
}

static Status open_model(Model *model, const char *path, const Model *twin, Error *err) {
  *model = (Model){.path = path};
  MappedFile file;
  TRY(file_map(path, &file, err));
  Status status = read_model(model, &file, twin, err);
  file_unmap(&file);
  if (status != OK) {
    model_close(model);
    return status;
  }
  model_count(model);
  return OK;
}

Status model_open(Model *model, const char *path, Error *err) {
  return open_model(model, path, NULL, err);
}

Status model_open_again(Model *model, const Model *twin, Error *err) {
  return open_model(model, twin->path, twin, err);
}

void model_close(Model *model) {
  graph_free(model->graph);
  *model = (Model){0};
}

Status model_infer(Model *model, Error *err) {
  if (op_infer_graph(model->graph, err) != OK) return fail_within(err, "%s", model->path);
  model->macs = count_macs(model->graph);
  return OK;
}

Status model_clean(Model *model, Error *err) {
  if (passes_run(model->graph, &interpreter_pass_hooks, &model->passes, err) == OK) return OK;
  return fail_within(err, "%s", model->path);
}

void model_pass_line(const Model *model, Text *text) {
  Text words = {0};
  for (int i = 0; i < PASS_COUNT; i++)
    if (model->passes.counts[i].rewrites > 0)
      text_add(&words, "%s%s: %d", words.length > 0 ? ", " : "", model->passes.counts[i].name,
               model->passes.counts[i].rewrites);
  if (words.length > 0) summary_line(text, "passes", "", "%s", words.bytes);
  text->failed |= words.failed;
  text_free(&words);
}

Status model_is_edge(const char *path, bool *is_edge, Error *err) {
  MappedFile file;
  TRY(file_map(path, &file, err));
  *is_edge = edge_file_is(file.bytes, file.size);
  file_unmap(&file);
  return OK;
}

const char *model_default_output(Arena *arena, const char *path, Error *err) {
  size_t length = strlen(path);
  if (text_ends_with(path, ".onnx")) length -= strlen(".onnx");
  char *stem = arena_text_of(arena, path, length, err);
  return stem == NULL ? NULL : arena_format(arena, err, "%s.edge", stem);
}
