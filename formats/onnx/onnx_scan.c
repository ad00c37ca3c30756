/*
 * The wire format of protocol buffers, walked before protobuf-c unpacks it.
 *
 * protobuf-c recurses once for every message within a message, allocates a structure for each and merges a
 * singular message that comes twice; a few hostile bytes could so take any amount of stack, memory or time.
 * Source: "Encoding", developers.google.com/protocol-buffers.
 */
#include "formats/onnx/onnx_parts.h"

#include <inttypes.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };

#define VARINT_MAX_BYTES 10
#define FIELD_BYTES 64  /* what a field of unknown number or a text costs beside its bytes */
#define FIELDS_SEEN 256 /* field numbers of ONNX's messages are far below */

typedef struct Scan {
  const uint8_t *start, *at;
  size_t memory, memory_limit;
  Error *err;
} Scan;

static Status damaged(const Scan *scan, const char *what) {
  return fail(scan->err, BAD_INPUT, "not an ONNX file, or a damaged one: %s at byte %zu", what,
              (size_t)(scan->at - scan->start));
}

static Status read_varint(Scan *scan, const uint8_t *end, uint64_t *value) {
  *value = 0;
  for (int i = 0; i < VARINT_MAX_BYTES; i++) {
    if (scan->at >= end) return damaged(scan, "it ends within a number");
    uint8_t byte = *scan->at++;
    *value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return OK;
  }
  return damaged(scan, "there is a number of too many bytes");
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, uint64_t number) {
  for (unsigned i = 0; i < type->n_fields; i++)
    if (type->fields[i].id == number) return &type->fields[i];
  return NULL;
}

static Status take_memory(Scan *scan, size_t bytes) {
  if (!size_add(scan->memory, bytes, &scan->memory) || scan->memory > scan->memory_limit)
    return damaged(scan, "it would take an unreasonable amount of memory");
  return OK;
}

/* The bytes of a length-delimited field that are no message. A packed list's elements grow to 8 bytes. */
static Status scan_bytes(Scan *scan, const ProtobufCFieldDescriptor *field, size_t length) {
  scan->at += length;
  bool packed =
      field != NULL && field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES;
  size_t unpacked;
  if (!size_multiply(length, packed ? 8 : 1, &unpacked)) return damaged(scan, "a field is too long");
  return take_memory(scan, unpacked);
}

static Status scan_message(Scan *scan, const ProtobufCMessageDescriptor *type, const uint8_t *end, int depth);

static Status scan_length(Scan *scan, const ProtobufCFieldDescriptor *field, const uint8_t *end, int depth) {
  uint64_t length;
  TRY(read_varint(scan, end, &length));
  if (length > (uint64_t)(end - scan->at)) return damaged(scan, "a field is longer than what is left");
  if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE) return scan_bytes(scan, field, (size_t)length);
  return scan_message(scan, field->descriptor, scan->at + length, depth + 1);
}

static Status scan_fixed(Scan *scan, const uint8_t *end, size_t bytes) {
  if ((size_t)(end - scan->at) < bytes) return damaged(scan, "it ends within a number");
  scan->at += bytes;
  return OK;
}

/* Marks a singular message as seen; those may not come again. */
static Status check_once(Scan *scan, const ProtobufCFieldDescriptor *field, bool seen[FIELDS_SEEN]) {
  if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED) return OK;
  if (field->id >= FIELDS_SEEN) return OK;
  if (seen[field->id]) return damaged(scan, "a field that may be there once comes again");
  seen[field->id] = true;
  return OK;
}

static Status scan_field(Scan *scan, const ProtobufCMessageDescriptor *type, const uint8_t *end, int depth,
                         bool seen[FIELDS_SEEN]) {
  uint64_t tag, number;
  TRY(read_varint(scan, end, &tag));
  if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3) return damaged(scan, "a field has an illegal number");
  const ProtobufCFieldDescriptor *field = find_field(type, tag >> 3);
  if (field != NULL) TRY(check_once(scan, field, seen));
  TRY(take_memory(scan, FIELD_BYTES));
  switch (tag & 7) {
  case WIRE_VARINT:
    return read_varint(scan, end, &number);
  case WIRE_FIXED64:
    return scan_fixed(scan, end, 8);
  case WIRE_LENGTH:
    return scan_length(scan, field, end, depth);
  case WIRE_FIXED32:
    return scan_fixed(scan, end, 4);
  default:
    return damaged(scan, "a field has an illegal type");
  }
}

static Status scan_message(Scan *scan, const ProtobufCMessageDescriptor *type, const uint8_t *end,
                           int depth) {
  bool seen[FIELDS_SEEN] = {false};
  if (depth > ONNX_MAX_DEPTH)
    return fail(scan->err, BAD_INPUT, "messages are nested more than %d deep at byte %zu", ONNX_MAX_DEPTH,
                (size_t)(scan->at - scan->start));
  TRY(take_memory(scan, type->sizeof_message));
  while (scan->at < end) TRY(scan_field(scan, type, end, depth, seen));
  return OK;
}

Status onnx_scan(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, Error *err) {
  Scan scan = {.start = bytes, .at = bytes, .err = err};
  if (!size_multiply(size, ONNX_MEMORY_FACTOR, &scan.memory_limit) ||
      !size_add(scan.memory_limit, ONNX_MEMORY_FLOOR, &scan.memory_limit))
    return fail_memory(err);
  return scan_message(&scan, type, bytes + size, 1);
}
