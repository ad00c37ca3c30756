/*
 * A serialized model without the bytes of its large initializers. protobuf-c copies every byte field when it
 * unpacks; here it gets a copy of the message from which large raw_data has been left out, and reads where
 * that lies in the file from a list. The message must have passed onnx_scan().
 */
#include "formats/onnx/onnx_parts.h"

#include <stdlib.h>
#include <string.h>

#define SLIM_LEAST ((size_t)16 << 10) /* bytes of raw_data from which on it is left out */

enum { FIELD_GRAPH = 7, FIELD_INITIALIZER = 5, FIELD_RAW_DATA = 9 };
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2 };

/* ---- fields of a message ---- */

/* One field: where it begins and ends, and where its content lies if it has a length. */
typedef struct Field {
  uint64_t number;
  bool has_length;
  const uint8_t *begin, *content, *end;
} Field;

static uint64_t take_varint(const uint8_t **at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << (shift & 63);
    if (byte < 0x80) return value;
  }
}

static Field take_field(const uint8_t **at) {
  Field field = {.begin = *at};
  uint64_t tag = take_varint(at);
  field.number = tag >> 3;
  field.has_length = (tag & 7) == WIRE_LENGTH;
  if (field.has_length) {
    uint64_t length = take_varint(at);
    field.content = *at;
    *at += length;
  } else if ((tag & 7) == WIRE_VARINT) {
    take_varint(at);
  } else {
    *at += (tag & 7) == WIRE_FIXED64 ? 8 : 4;
  }
  field.end = *at;
  return field;
}

static size_t field_length(const Field *field) {
  return (size_t)(field->end - field->content);
}

static bool is_message(const Field *field, uint64_t number) {
  return field->number == number && field->has_length;
}

/* ---- the copy ---- */

static void put_varint(Text *out, uint64_t value) {
  uint8_t bytes[10];
  size_t count = 0;
  for (; value >= 0x80; value >>= 7) bytes[count++] = (uint8_t)(value | 0x80);
  bytes[count++] = (uint8_t)value;
  text_add_bytes(out, bytes, count);
}

static void put_field(Text *out, const Field *field) {
  text_add_bytes(out, field->begin, (size_t)(field->end - field->begin));
}

static void put_message(Text *out, uint64_t number, const Text *content) {
  put_varint(out, number << 3 | WIRE_LENGTH);
  put_varint(out, content->length);
  text_add_bytes(out, content->bytes, content->length);
  out->failed |= content->failed;
}

/* The raw_data of a tensor that has it once, and enough of it. */
static RawSpan large_raw_data(const Field *tensor) {
  RawSpan found = {0};
  for (const uint8_t *at = tensor->content; at < tensor->end;) {
    Field field = take_field(&at);
    if (!is_message(&field, FIELD_RAW_DATA)) continue;
    if (found.bytes != NULL) return (RawSpan){0};
    found = (RawSpan){field.content, field_length(&field)};
  }
  return found.size >= SLIM_LEAST ? found : (RawSpan){0};
}

static void put_slim_tensor(Text *out, const Field *tensor) {
  Text content = {0};
  for (const uint8_t *at = tensor->content; at < tensor->end;) {
    Field field = take_field(&at);
    if (!is_message(&field, FIELD_RAW_DATA)) put_field(&content, &field);
  }
  put_message(out, FIELD_INITIALIZER, &content);
  text_free(&content);
}

static Status add_span(SlimModel *slim, RawSpan span, Error *err) {
  TRY(array_grow(&slim->spans, slim->span_count, &slim->span_capacity, sizeof *slim->spans, err));
  slim->spans[slim->span_count++] = span;
  return OK;
}

static Status put_slim_graph(SlimModel *slim, const Field *graph, Error *err) {
  Text content = {0};
  Status status = OK;
  for (const uint8_t *at = graph->content; at < graph->end && status == OK;) {
    Field field = take_field(&at);
    RawSpan span = {0};
    bool is_initializer = is_message(&field, FIELD_INITIALIZER);
    if (is_initializer) span = large_raw_data(&field);
    if (is_initializer) status = add_span(slim, span, err);
    if (span.bytes != NULL)
      put_slim_tensor(&content, &field);
    else
      put_field(&content, &field);
  }
  put_message(&slim->message, FIELD_GRAPH, &content);
  text_free(&content);
  return status;
}

Status onnx_slim(SlimModel *slim, const uint8_t *bytes, size_t size, Error *err) {
  *slim = (SlimModel){.file = bytes, .file_bytes = size};
  for (const uint8_t *at = bytes; at < bytes + size;) {
    Field field = take_field(&at);
    if (is_message(&field, FIELD_GRAPH))
      TRY(put_slim_graph(slim, &field, err));
    else
      put_field(&slim->message, &field);
  }
  return text_status(&slim->message, err);
}

void onnx_slim_free(SlimModel *slim) {
  text_free(&slim->message);
  free(slim->spans);
  *slim = (SlimModel){0};
}

/* ---- what was left out ---- */

void onnx_slim_attach(const SlimModel *slim, Onnx__GraphProto *graph) {
  for (size_t i = 0; i < slim->span_count; i++) {
    Onnx__TensorProto *tensor = graph->initializer[i];
    if (slim->spans[i].bytes == NULL) continue;
    tensor->has_raw_data = 1;
    tensor->raw_data = (ProtobufCBinaryData){slim->spans[i].size, (uint8_t *)(uintptr_t)slim->spans[i].bytes};
  }
}

void onnx_slim_detach(const SlimModel *slim, Onnx__GraphProto *graph) {
  for (size_t i = 0; i < slim->span_count; i++)
    if (slim->spans[i].bytes != NULL) graph->initializer[i]->raw_data = (ProtobufCBinaryData){0};
}
