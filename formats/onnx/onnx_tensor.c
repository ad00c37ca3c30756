/* TensorProto to Tensor: raw bytes or typed fields, every size checked before memory is taken. */
#include "formats/onnx/onnx_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian and copied as it is");

/* TensorProto.DataType of those that edgec does not have. */
#define ONNX_COMPLEX64 14
#define ONNX_COMPLEX128 15

const char *onnx_type_name(int32_t data_type, char buffer[ONNX_TYPE_ROOM]) {
  if (data_type == ONNX_COMPLEX64) return "complex64";
  if (data_type == ONNX_COMPLEX128) return "complex128";
  snprintf(buffer, ONNX_TYPE_ROOM, "type %" PRId32, data_type);
  return buffer;
}

ElementType onnx_element_type(int32_t data_type) {
  if (data_type <= 0 || data_type > ELEMENT_INT2) return ELEMENT_NONE;
  ElementType type = (ElementType)data_type;
  return element_bytes(type) > 0 ? type : ELEMENT_NONE;
}

/* The tensor being read. */
typedef struct Reading {
  const Onnx__TensorProto *message;
  const char *what;
  ElementType type;
  Shape shape;
  size_t count; /* elements */
  Error *err;
} Reading;

static Status read_type(Reading *reading) {
  const Onnx__TensorProto *message = reading->message;
  char buffer[ONNX_TYPE_ROOM];
  if (!message->has_data_type || message->data_type == 0)
    return fail(reading->err, BAD_INPUT, "%s has no element type", reading->what);
  reading->type = onnx_element_type(message->data_type);
  if (reading->type == ELEMENT_NONE)
    return fail(reading->err, UNSUPPORTED, "%s has elements of %s, which edgec does not support",
                reading->what, onnx_type_name(message->data_type, buffer));
  return OK;
}

/* Where the elements are must be in this file and in one piece. */
static Status check_place(const Reading *reading) {
  const Onnx__TensorProto *message = reading->message;
  if (message->n_external_data > 0 ||
      (message->has_data_location && message->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL))
    return fail(reading->err, UNSUPPORTED,
                "%s keeps its data in another file; save the model with its weights inside", reading->what);
  if (message->segment != NULL)
    return fail(reading->err, UNSUPPORTED, "%s is a segment of a larger tensor", reading->what);
  return OK;
}

static Status read_shape(Reading *reading) {
  const Onnx__TensorProto *message = reading->message;
  if (message->n_dims > GRAPH_MAX_RANK)
    return fail(reading->err, UNSUPPORTED, "%s has %zu dimensions; edgec supports %d", reading->what,
                message->n_dims, GRAPH_MAX_RANK);
  reading->shape.rank = (int)message->n_dims;
  bool empty = false, fits = true;
  size_t count = 1;
  for (int i = 0; i < reading->shape.rank; i++) {
    int64_t dim = message->dims[i];
    if (dim < 0) return fail(reading->err, BAD_INPUT, "%s has a dimension of %" PRId64, reading->what, dim);
    reading->shape.dims[i] = dim;
    empty = empty || dim == 0;
    fits = fits && size_multiply(count, (size_t)dim, &count);
  }
  reading->count = empty ? 0 : count;
  size_t bytes;
  if (!empty && (!fits || !size_multiply(count, sizeof(int64_t) * 2, &bytes) || bytes > INT64_MAX))
    return fail(reading->err, BAD_INPUT, "%s has a shape too large for any memory", reading->what);
  return OK;
}

static Status wrong_count(const Reading *reading, size_t have) {
  return fail(reading->err, BAD_INPUT, "%s should have %zu elements by its shape, but the file holds %zu",
              reading->what, reading->count, have);
}

static Tensor *make_tensor(const Reading *reading, Arena *arena) {
  return tensor_new(arena, reading->type, &reading->shape, reading->err);
}

static Status read_raw_packed(const Reading *reading, Arena *arena, Tensor **tensor) {
  const ProtobufCBinaryData *raw = &reading->message->raw_data;
  size_t bytes = onnx_packed_bytes(reading->type, reading->count);
  if (bytes != raw->len)
    return fail(
        reading->err, BAD_INPUT,
        "%s should have %zu elements of %d bits by its shape, but the file holds %zu bytes instead of %zu",
        reading->what, reading->count, element_bits(reading->type), raw->len, bytes);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  for (size_t i = 0; i < bytes; i++) onnx_unpack_byte(*tensor, i, raw->data[i]);
  return OK;
}

static Status read_raw(const Reading *reading, Arena *arena, Tensor **tensor) {
  const ProtobufCBinaryData *raw = &reading->message->raw_data;
  size_t bytes;
  if (reading->type == ELEMENT_STRING)
    return fail(reading->err, BAD_INPUT, "%s holds strings as raw bytes", reading->what);
  if (onnx_is_packed(reading->type)) return read_raw_packed(reading, arena, tensor);
  if (!size_multiply(reading->count, element_bytes(reading->type), &bytes) || bytes != raw->len)
    return fail(reading->err, BAD_INPUT,
                "%s should have %zu elements of %zu bytes by its shape, but the file holds %zu bytes",
                reading->what, reading->count, element_bytes(reading->type), raw->len);
  *tensor = tensor_new_from(arena, reading->type, &reading->shape, raw->data, reading->err);
  if (*tensor == NULL) return SYSTEM;
  uint8_t *truths = (*tensor)->data;
  for (size_t i = 0; reading->type == ELEMENT_BOOL && i < bytes; i++) truths[i] = truths[i] != 0;
  return OK;
}

/* Least and most that int32_data may hold for a narrower type; 16- and 8-bit floats stand there as their
 * bits. */
static void int32_range(ElementType type, int64_t *least, int64_t *most) {
  bool is_signed = type == ELEMENT_INT8 || type == ELEMENT_INT16 || type == ELEMENT_INT32;
  int bits = element_bits(type);
  *least = is_signed ? -(INT64_C(1) << (bits - 1)) : 0;
  *most = is_signed ? (INT64_C(1) << (bits - 1)) - 1 : (INT64_C(1) << bits) - 1;
}

static Status read_int32(const Reading *reading, Arena *arena, Tensor **tensor) {
  const Onnx__TensorProto *message = reading->message;
  int64_t least, most;
  int32_range(reading->type, &least, &most);
  if (message->n_int32_data != reading->count) return wrong_count(reading, message->n_int32_data);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  size_t bytes = element_bytes(reading->type);
  uint8_t *to = (*tensor)->data;
  for (size_t i = 0; i < reading->count; i++) {
    int32_t number = message->int32_data[i];
    if (reading->type == ELEMENT_BOOL) number = number != 0;
    if (number < least || number > most)
      return fail(reading->err, BAD_INPUT, "%s: element %zu is %" PRId32 ", beyond %s", reading->what, i,
                  number, element_name(reading->type));
    memcpy(to + i * bytes, &number, bytes); /* the low bytes */
  }
  return OK;
}

/* Each number is a packed byte. */
static Status read_int32_packed(const Reading *reading, Arena *arena, Tensor **tensor) {
  const Onnx__TensorProto *message = reading->message;
  size_t bytes = onnx_packed_bytes(reading->type, reading->count);
  if (message->n_int32_data != bytes)
    return fail(reading->err, BAD_INPUT,
                "%s should have %zu packed elements by its shape, in %zu numbers, but the file holds %zu",
                reading->what, reading->count, bytes, message->n_int32_data);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  for (size_t i = 0; i < bytes; i++) {
    int32_t number = message->int32_data[i];
    if (number < 0 || number > UINT8_MAX)
      return fail(reading->err, BAD_INPUT, "%s: number %zu is %" PRId32 ", not a byte of packed elements",
                  reading->what, i, number);
    onnx_unpack_byte(*tensor, i, (uint8_t)number);
  }
  return OK;
}

/* A field whose elements are already as wide as the tensor's. */
static Status read_wide(const Reading *reading, const void *elements, size_t have, Arena *arena,
                        Tensor **tensor) {
  if (have != reading->count) return wrong_count(reading, have);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  if (have > 0) memcpy((*tensor)->data, elements, have * element_bytes(reading->type));
  return OK;
}

static Status read_uint32(const Reading *reading, Arena *arena, Tensor **tensor) {
  const Onnx__TensorProto *message = reading->message;
  if (message->n_uint64_data != reading->count) return wrong_count(reading, message->n_uint64_data);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  uint32_t *to = (*tensor)->data;
  for (size_t i = 0; i < reading->count; i++) {
    if (message->uint64_data[i] > UINT32_MAX)
      return fail(reading->err, BAD_INPUT, "%s: element %zu is beyond uint32", reading->what, i);
    to[i] = (uint32_t)message->uint64_data[i];
  }
  return OK;
}

static Status read_strings(const Reading *reading, Arena *arena, Tensor **tensor) {
  const Onnx__TensorProto *message = reading->message;
  if (message->n_string_data != reading->count) return wrong_count(reading, message->n_string_data);
  *tensor = make_tensor(reading, arena);
  if (*tensor == NULL) return SYSTEM;
  const char **to = (*tensor)->data;
  for (size_t i = 0; i < reading->count; i++) {
    const ProtobufCBinaryData *text = &message->string_data[i];
    if (text->len > 0 && memchr(text->data, '\0', text->len) != NULL)
      return fail(reading->err, BAD_INPUT, "%s: string %zu has a zero byte", reading->what, i);
    to[i] = arena_text_of(arena, (const char *)text->data, text->len, reading->err);
    if (to[i] == NULL) return SYSTEM;
  }
  return OK;
}

static Status read_fields(const Reading *reading, Arena *arena, Tensor **tensor) {
  const Onnx__TensorProto *message = reading->message;
  switch (reading->type) {
  case ELEMENT_FLOAT32:
    return read_wide(reading, message->float_data, message->n_float_data, arena, tensor);
  case ELEMENT_FLOAT64:
    return read_wide(reading, message->double_data, message->n_double_data, arena, tensor);
  case ELEMENT_INT64:
    return read_wide(reading, message->int64_data, message->n_int64_data, arena, tensor);
  case ELEMENT_UINT64:
    return read_wide(reading, message->uint64_data, message->n_uint64_data, arena, tensor);
  case ELEMENT_UINT32:
    return read_uint32(reading, arena, tensor);
  case ELEMENT_STRING:
    return read_strings(reading, arena, tensor);
  default:
    if (onnx_is_packed(reading->type)) return read_int32_packed(reading, arena, tensor);
    return read_int32(reading, arena, tensor);
  }
}

Status onnx_import_tensor(const Onnx__TensorProto *message, const char *what, Arena *arena, Tensor **tensor,
                          Error *err) {
  Reading reading = {.message = message, .what = what, .err = err};
  TRY(read_type(&reading));
  TRY(check_place(&reading));
  TRY(read_shape(&reading));
  if (message->has_raw_data && message->raw_data.len > 0) return read_raw(&reading, arena, tensor);
  return read_fields(&reading, arena, tensor);
}
