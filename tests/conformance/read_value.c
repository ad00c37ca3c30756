/* Stored values that are no tensors. Of their messages, SequenceProto and OptionalProto, only what they hold
   is read: tensors in field 3, sequences in field 5, which is enough for the ONNX project's tests. */
#include "tests/conformance/conformance.h"

#include "formats/onnx/onnx.h"
#include "graph/sequence.h"

enum { MOST_ITEMS = 64, FIELD_TENSOR_VALUE = 3, FIELD_SEQUENCE_VALUE = 5 };

typedef struct Reader {
  const uint8_t *at, *end;
  const char *path;
  Arena *arena;
  Error *err;
} Reader;

static Status broken(const Reader *r) {
  return fail(r->err, BAD_INPUT, "%s: no sequence or optional", r->path);
}

static Status read_varint(Reader *r, uint64_t *value) {
  *value = 0;
  for (int shift = 0; shift < 64 && r->at < r->end; shift += 7) {
    uint8_t byte = *r->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return OK;
  }
  return broken(r);
}

/* The next field: its number, and what it holds where that has a length, else NULL. */
static Status read_field(Reader *r, uint64_t *number, Reader *content) {
  uint64_t key, length;
  TRY(read_varint(r, &key));
  *number = key >> 3;
  *content = *r;
  content->at = NULL;
  if ((key & 7) == 0) return read_varint(r, &length);
  if ((key & 7) != 2) return broken(r);
  TRY(read_varint(r, &length));
  if (length > (uint64_t)(r->end - r->at)) return broken(r);
  content->at = r->at;
  content->end = r->at += length;
  return OK;
}

static Status read_items(Reader *r, ElementType type, Tensor **value);

/* What the file holds as one item; NULL for a field that is none. */
static Status read_item(Reader *content, uint64_t number, Tensor **item) {
  *item = NULL;
  if (content->at == NULL) return OK;
  if (number == FIELD_SEQUENCE_VALUE) return read_items(content, ELEMENT_SEQUENCE, item);
  if (number != FIELD_TENSOR_VALUE) return OK;
  return onnx_parse_tensor(content->path, content->at, (size_t)(content->end - content->at), content->arena,
                           item, content->err);
}

static Status read_items(Reader *r, ElementType type, Tensor **value) {
  const Tensor *items[MOST_ITEMS];
  int64_t count = 0, bytes;
  while (r->at < r->end) {
    uint64_t number;
    Reader content;
    Tensor *item;
    TRY(read_field(r, &number, &content));
    TRY(read_item(&content, number, &item));
    if (item == NULL) continue;
    if (count == MOST_ITEMS) return broken(r);
    items[count++] = item;
  }
  if (!sequence_bytes(items, count, &bytes)) return broken(r);
  *value = tensor_new(r->arena, type, &SHAPE(bytes), r->err);
  if (*value == NULL) return SYSTEM;
  sequence_write(*value, items, count);
  return OK;
}

Status read_value(const char *path, ElementType type, Arena *arena, Tensor **value, Error *err) {
  MappedFile file = {0};
  if (type != ELEMENT_SEQUENCE && type != ELEMENT_OPTIONAL) return onnx_read_tensor(path, arena, value, err);
  TRY(file_map(path, &file, err));
  const uint8_t *bytes = file.bytes;
  Reader reader = {bytes, bytes + file.size, path, arena, err};
  Status status = read_items(&reader, type, value);
  file_unmap(&file);
  return status;
}
