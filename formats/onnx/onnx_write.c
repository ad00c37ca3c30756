/* ModelProto: versions and the file around the graph, written piece by piece. */
#include "formats/onnx/onnx_parts.h"

#include <string.h>

#define WRITE_BUFFER ((size_t)1 << 16)
#define MODEL_MOST_BYTES ((size_t)INT32_MAX) /* of a protobuf message */
#define IR_WITHOUT_LISTED_INITIALIZERS 4     /* before, each initializer is an input too */

/* ---- versions ---- */

int64_t onnx_ir_for_opset(int64_t opset) {
  static const struct {
    int64_t opset, ir;
  } known[] = {{26, 13}, {25, 12}, {24, 11}, {23, 11}, {21, 10}, {19, 9}, {15, 8}, {12, 7}, {11, 6}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (opset >= known[i].opset) return known[i].ir;
  return IR_WITHOUT_LISTED_INITIALIZERS;
}

/* The newest version that a node of the domain is meant by. */
static int64_t needed_opset(const Graph *graph, const char *domain, int64_t given) {
  int64_t needed = given;
  for (int n = 0; n < graph->node_count; n++)
    if (strcmp(graph->nodes[n]->domain, domain) == 0 && graph->nodes[n]->opset > needed)
      needed = graph->nodes[n]->opset;
  return needed;
}

static Status export_opsets(const Graph *graph, Onnx__ModelProto *model, Arena *arena, Error *err) {
  model->n_opset_import = (size_t)graph->opset_count;
  model->opset_import = arena_new(arena, model->n_opset_import, sizeof *model->opset_import, err);
  Onnx__OperatorSetIdProto *opsets = arena_new(arena, model->n_opset_import, sizeof *opsets, err);
  if (model->opset_import == NULL || opsets == NULL) return err->status;
  for (int i = 0; i < graph->opset_count; i++) {
    const Opset *from = &graph->opsets[i];
    int64_t version = needed_opset(graph, from->domain, from->version);
    onnx__operator_set_id_proto__init(&opsets[i]);
    opsets[i].domain = (char *)(uintptr_t)from->domain;
    opsets[i].has_version = 1;
    opsets[i].version = version;
    model->opset_import[i] = &opsets[i];
    bool raised = version > from->version || model->ir_version < IR_WITHOUT_LISTED_INITIALIZERS;
    int64_t ir = from->domain[0] == '\0' && raised ? onnx_ir_for_opset(version) : 0;
    if (ir > model->ir_version) model->ir_version = ir;
  }
  return OK;
}

static Status export_model(const Graph *graph, Onnx__ModelProto *model, Arena *arena, Error *err) {
  onnx__model_proto__init(model);
  model->has_ir_version = 1;
  model->ir_version = graph->ir_version;
  model->producer_name = (char *)(uintptr_t)graph->producer;
  TRY(export_opsets(graph, model, arena, err));
  model->graph = onnx_export_graph(graph, arena, err);
  return model->graph == NULL ? err->status : OK;
}

/* ---- writing: no copy of the model in memory ---- */

typedef struct Sink {
  ProtobufCBuffer base; /* first: protobuf-c calls with its address */
  OutputFile *out;
  Status status;
  Error *err;
  size_t used;
  uint8_t bytes[WRITE_BUFFER];
} Sink;

static void sink_flush(Sink *sink) {
  if (sink->status == OK && sink->used > 0)
    sink->status = output_write(sink->out, sink->bytes, sink->used, sink->err);
  sink->used = 0;
}

static void sink_append(ProtobufCBuffer *buffer, size_t length, const uint8_t *data) {
  Sink *sink = (Sink *)buffer;
  if (length > WRITE_BUFFER - sink->used) sink_flush(sink);
  if (length > WRITE_BUFFER) {
    if (sink->status == OK) sink->status = output_write(sink->out, data, length, sink->err);
  } else if (length > 0) {
    memcpy(sink->bytes + sink->used, data, length);
    sink->used += length;
  }
}

static Status pack(const Onnx__ModelProto *model, OutputFile *out, size_t *bytes, Error *err) {
  *bytes = onnx__model_proto__get_packed_size(model);
  if (*bytes > MODEL_MOST_BYTES)
    return fail(err, BAD_INPUT, "%s: the model has %zu bytes; an ONNX file holds at most 2 GiB", out->path,
                *bytes);
  Sink *sink = bytes_new(sizeof *sink, err);
  if (sink == NULL) return err->status;
  sink->base.append = sink_append;
  sink->out = out;
  sink->status = OK;
  sink->err = err;
  sink->used = 0;
  onnx__model_proto__pack_to_buffer(model, &sink->base);
  sink_flush(sink);
  Status status = sink->status;
  bytes_free(sink);
  return status;
}

Status onnx_write_to(OutputFile *out, const Graph *graph, size_t *bytes, Error *err) {
  Error own = {0};
  if (err == NULL) err = &own;
  Arena arena = {0};
  Onnx__ModelProto model;
  Status status = export_model(graph, &model, &arena, err);
  if (status == OK) status = pack(&model, out, bytes, err);
  arena_free(&arena);
  return status;
}

/* The fields come in the order of their numbers: the IR version (1), then the producer (2). */
bool onnx_is_own(const void *bytes, size_t size) {
  const uint8_t *at = bytes;
  size_t length = sizeof ONNX_OWN_PRODUCER - 1;
  return size >= 4 + length && at[0] == 0x08 && at[1] < 0x80 && at[2] == 0x12 && at[3] == length &&
         memcmp(at + 4, ONNX_OWN_PRODUCER, length) == 0;
}

Status onnx_write(const char *path, const Graph *graph, Error *err) {
  OutputFile out = {0};
  size_t bytes;
  TRY(output_open(&out, path, err));
  Status status = onnx_write_to(&out, graph, &bytes, err);
  if (status == OK) return output_commit(&out, err);
  output_abandon(&out);
  return status;
}
