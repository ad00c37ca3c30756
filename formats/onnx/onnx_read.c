/* ModelProto: versions and the file around the graph. */
#include "formats/onnx/onnx_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_default_domain(const char *domain) {
  return domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0;
}

/* ---- versions ---- */

static Status import_ir_version(const Onnx__ModelProto *message, Graph *graph, Error *err) {
  if (!message->has_ir_version) return fail(err, BAD_INPUT, "not an ONNX model: it has no IR version");
  if (message->ir_version < ONNX_IR_MIN)
    return fail(err, UNSUPPORTED, "IR version %" PRId64 " is too old; edgec reads IR %d and later",
                message->ir_version, ONNX_IR_MIN);
  graph->ir_version = message->ir_version;
  return OK;
}

static Status check_opset(const Opset *opset, Error *err) {
  if (!is_default_domain(opset->domain)) return OK;
  if (opset->version <= ONNX_OPSET_MAX) return OK;
  return fail(err, UNSUPPORTED,
              "opset %" PRId64 " is too new; edgec reads opsets %d to %d: convert or export the model to one",
              opset->version, ONNX_OPSET_MIN, ONNX_OPSET_MAX);
}

static Status import_opset(const Onnx__OperatorSetIdProto *message, Graph *graph, Error *err) {
  const char *domain = onnx_text(message->domain);
  if (graph_opset(graph, domain) != 0)
    return fail(err, BAD_INPUT, "the opset of domain '%s' is given twice", domain);
  if (message->version <= 0)
    return fail(err, BAD_INPUT, "domain '%s' has opset %" PRId64, domain, message->version);
  Opset *opset = &graph->opsets[graph->opset_count];
  opset->domain = is_default_domain(domain) ? "" : arena_text(&graph->arena, domain, err);
  if (opset->domain == NULL) return SYSTEM;
  opset->version = message->version;
  graph->opset_count++;
  return check_opset(opset, err);
}

static Status import_opsets(const Onnx__ModelProto *message, Graph *graph, Error *err) {
  size_t count = message->n_opset_import;
  if (count == 0) return fail(err, BAD_INPUT, "the model imports no opset");
  if (count > ONNX_MAX_OPSETS) return fail(err, BAD_INPUT, "the model imports %zu opsets", count);
  graph->opsets = arena_new(&graph->arena, count, sizeof *graph->opsets, err);
  if (graph->opsets == NULL) return SYSTEM;
  for (size_t i = 0; i < count; i++) TRY(import_opset(message->opset_import[i], graph, err));
  return OK;
}

/* ---- the model ---- */

static Status import_model(const Onnx__ModelProto *message, const ImportSource *source, Graph *graph,
                           Error *err) {
  TRY(import_ir_version(message, graph, err));
  TRY(import_opsets(message, graph, err));
  graph->producer = arena_text(&graph->arena, onnx_text(message->producer_name), err);
  if (graph->producer == NULL) return SYSTEM;
  if (message->graph == NULL) return fail(err, BAD_INPUT, "the model has no graph");
  return onnx_import_graph(message->graph, NULL, source, graph, err);
}

static Status unpack_model(const ImportSource *source, Graph *graph, Error *err) {
  const SlimModel *slim = source->slim;
  Onnx__ModelProto *message =
      onnx__model_proto__unpack(NULL, slim->message.length, (const uint8_t *)slim->message.bytes);
  if (message == NULL) return fail(err, BAD_INPUT, "not an ONNX file, or a damaged one");
  if (message->graph != NULL) onnx_slim_attach(slim, message->graph);
  Status status = import_model(message, source, graph, err);
  if (message->graph != NULL) onnx_slim_detach(slim, message->graph);
  onnx__model_proto__free_unpacked(message, NULL);
  return status;
}

static Status parse_model(const MappedFile *file, ImportSource *source, Graph *graph, Error *err) {
  SlimModel slim;
  if (file->size == 0) return fail(err, BAD_INPUT, "the file is empty");
  TRY(onnx_scan(&onnx__model_proto__descriptor, file->bytes, file->size, err));
  Status status = onnx_slim(&slim, file->bytes, file->size, err);
  source->slim = &slim;
  if (status == OK) status = unpack_model(source, graph, err);
  onnx_slim_free(&slim);
  return status;
}

/* Names in a hostile file may hold anything; a message stays one line that a terminal can show. */
static void escape_text(Error *err) {
  if (err == NULL) return;
  char escaped[sizeof err->text];
  size_t length = 0;
  for (const char *at = err->text; *at != '\0' && length + 5 < sizeof escaped; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x20 || byte == 0x7f)
      length += (size_t)snprintf(escaped + length, sizeof escaped - length, "\\x%02x", byte);
    else
      escaped[length++] = *at;
  }
  escaped[length] = '\0';
  memcpy(err->text, escaped, length + 1);
}

static Status within_file(const char *name, Error *err) {
  Status status = fail_within(err, "%s", name);
  escape_text(err);
  return status;
}

static Status read_source(const char *name, const MappedFile *file, ImportSource *source, Graph **graph,
                          Error *err) {
  Error own = {0};
  if (err == NULL) err = &own; /* what went wrong decides the status too */
  *graph = graph_new(err);
  if (*graph == NULL) return SYSTEM;
  if (file->size >= ONNX_SPILL_FILE) (*graph)->arena.spill_from = ONNX_SPILL_TENSOR;
  if (source->twin != NULL) (*graph)->weights = &source->twin->arena;
  Status status = parse_model(file, source, *graph, err);
  if (status == OK) return OK;
  graph_free(*graph);
  *graph = NULL;
  return within_file(name, err);
}

Status onnx_parse(const char *name, const void *bytes, size_t size, Graph **graph, Error *err) {
  ImportSource source = {0};
  return read_source(name, &(MappedFile){.bytes = bytes, .size = size}, &source, graph, err);
}

Status onnx_read_mapped(const char *name, const MappedFile *file, const Graph *twin, Graph **graph,
                        Error *err) {
  ImportSource source = {.twin = twin, .is_mapped = true};
  return read_source(name, file, &source, graph, err);
}

Status onnx_read(const char *path, Graph **graph, Error *err) {
  MappedFile file = {0};
  *graph = NULL;
  TRY(file_map(path, &file, err));
  Status status = onnx_read_mapped(path, &file, NULL, graph, err);
  file_unmap(&file);
  return status;
}

/* ---- tensor files ---- */

static Status parse_tensor(const MappedFile *file, Arena *arena, Tensor **tensor, Error *err) {
  TRY(onnx_scan(&onnx__tensor_proto__descriptor, file->bytes, file->size, err));
  Onnx__TensorProto *message = onnx__tensor_proto__unpack(NULL, file->size, file->bytes);
  if (message == NULL) return fail(err, BAD_INPUT, "not a tensor file, or a damaged one");
  Status status = onnx_import_tensor(message, "the tensor", arena, tensor, err);
  onnx__tensor_proto__free_unpacked(message, NULL);
  return status;
}

Status onnx_parse_tensor(const char *name, const void *bytes, size_t size, Arena *arena, Tensor **tensor,
                         Error *err) {
  Error own = {0};
  if (err == NULL) err = &own;
  Status status = parse_tensor(&(MappedFile){.bytes = bytes, .size = size}, arena, tensor, err);
  return status == OK ? OK : within_file(name, err);
}

Status onnx_read_tensor(const char *path, Arena *arena, Tensor **tensor, Error *err) {
  Error own = {0};
  if (err == NULL) err = &own;
  MappedFile file = {0};
  TRY(file_map(path, &file, err));
  Status status = parse_tensor(&file, arena, tensor, err);
  file_unmap(&file);
  return status == OK ? OK : within_file(path, err);
}
