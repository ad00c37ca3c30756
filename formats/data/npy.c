/* npy.c - headers of NumPy's .npy, versions 1 to 3. */
#include "formats/data/array_header.h"

#include <stdio.h>
#include <string.h>

typedef struct Parser {
  const char *next, *end;
  const char *name; /* for messages */
  Error *err;
} Parser;

typedef struct Dictionary {
  bool has_descr, has_order, has_shape, fortran_order;
} Dictionary;

bool npy_is_magic(const uint8_t magic[4]) {
  return memcmp(magic, "\x93NUM", 4) == 0;
}

static Status fail_header(const Parser *parser, const char *what) {
  return fail(parser->err, BAD_INPUT, "%s: the .npy header is damaged: %s", parser->name, what);
}

static void skip_space(Parser *parser) {
  while (parser->next < parser->end && (*parser->next == ' ' || *parser->next == '\n')) parser->next++;
}

static bool accept(Parser *parser, char c) {
  skip_space(parser);
  if (parser->next == parser->end || *parser->next != c) return false;
  parser->next++;
  return true;
}

static bool accept_word(Parser *parser, const char *word) {
  skip_space(parser);
  size_t length = strlen(word);
  if ((size_t)(parser->end - parser->next) < length || memcmp(parser->next, word, length) != 0) return false;
  parser->next += length;
  return true;
}

/* A quoted string of printable characters without escapes, shorter than `room`. */
static Status parse_string(Parser *parser, char *text, size_t room) {
  skip_space(parser);
  char quote = parser->next < parser->end ? *parser->next : '\0';
  if (quote != '\'' && quote != '"') return fail_header(parser, "a quoted string is expected");
  size_t length = 0;
  for (parser->next++; parser->next < parser->end && *parser->next != quote; parser->next++) {
    if (*parser->next < ' ' || *parser->next > '~' || *parser->next == '\\' || length + 1 >= room)
      return fail_header(parser, "a string is too long or has strange characters");
    text[length++] = *parser->next;
  }
  if (parser->next == parser->end) return fail_header(parser, "a string does not end");
  parser->next++;
  text[length] = '\0';
  return OK;
}

static Status parse_length(Parser *parser, int64_t *value) {
  skip_space(parser);
  *value = 0;
  const char *first = parser->next;
  for (; parser->next < parser->end && *parser->next >= '0' && *parser->next <= '9'; parser->next++)
    if (__builtin_mul_overflow(*value, (int64_t)10, value) ||
        __builtin_add_overflow(*value, (int64_t)(*parser->next - '0'), value))
      return fail_header(parser, "a length in the shape is too large");
  if (parser->next == first) return fail_header(parser, "the shape is no tuple of lengths");
  if (parser->next < parser->end && *parser->next == 'L') parser->next++; /* Python 2's long integers */
  return OK;
}

static Status parse_shape(Parser *parser, ArrayHeader *header) {
  if (!accept(parser, '(')) return fail_header(parser, "the shape is no tuple of lengths");
  header->rank = 0;
  while (!accept(parser, ')')) {
    if (header->rank == ARRAY_MAX_RANK)
      return fail(parser->err, BAD_INPUT, "%s: the array has more than %d axes", parser->name,
                  ARRAY_MAX_RANK);
    TRY(parse_length(parser, &header->dims[header->rank++]));
    if (accept(parser, ',')) continue;
    if (!accept(parser, ')')) return fail_header(parser, "the shape does not end");
    if (header->rank == 1) return fail_header(parser, "the shape is no tuple of lengths");
    break;
  }
  return OK;
}

static bool find_type(char kind, char size, DataType *type) {
  static const struct {
    char kind, size;
    DataType type;
  } rows[] = {{'u', '1', DATA_U8},   {'i', '1', DATA_I8},  {'u', '2', DATA_U16}, {'i', '2', DATA_I16},
              {'u', '4', DATA_U32},  {'i', '4', DATA_I32}, {'u', '8', DATA_U64}, {'i', '8', DATA_I64},
              {'b', '1', DATA_BOOL}, {'f', '2', DATA_F16}, {'f', '4', DATA_F32}, {'f', '8', DATA_F64}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].kind == kind && rows[i].size == size) return *type = rows[i].type, true;
  return false;
}

static Status parse_descr(Parser *parser, ArrayHeader *header) {
  if (accept(parser, '['))
    return fail(parser->err, BAD_INPUT, "%s: is a structured array; save its fields as arrays of their own",
                parser->name);
  char descr[32];
  TRY(parse_string(parser, descr, sizeof descr));
  bool ordered = descr[0] != '\0' && strchr("<>|=", descr[0]) != NULL;
  const char *kind = descr + (ordered ? 1 : 0);
  if (*kind == 'O')
    return fail(parser->err, BAD_INPUT,
                "%s: holds pickled Python objects, which edgec never loads; save it as numbers, e.g. "
                "np.stack(x).astype(np.float32)",
                parser->name);
  if (strlen(kind) != 2 || !find_type(kind[0], kind[1], &header->type) || (descr[0] == '|' && kind[1] != '1'))
    return fail(
        parser->err, BAD_INPUT,
        "%s: elements of type '%s' are not read; save integers, booleans or floats of at most 64 bits",
        parser->name, descr);
  header->big_endian = descr[0] == '>';
  return OK;
}

static Status parse_bool(Parser *parser, bool *value) {
  if (accept_word(parser, "True"))
    *value = true;
  else if (accept_word(parser, "False"))
    *value = false;
  else
    return fail_header(parser, "fortran_order is neither True nor False");
  return OK;
}

/* Notes that a key is there; a second time is an error. */
static Status note(Parser *parser, bool *seen) {
  if (*seen) return fail_header(parser, "a key is there twice");
  *seen = true;
  return OK;
}

static Status parse_entry(Parser *parser, Dictionary *dictionary, ArrayHeader *header) {
  char key[32];
  TRY(parse_string(parser, key, sizeof key));
  if (!accept(parser, ':')) return fail_header(parser, "a ':' is missing");
  if (strcmp(key, "descr") == 0) {
    TRY(note(parser, &dictionary->has_descr));
    return parse_descr(parser, header);
  }
  if (strcmp(key, "fortran_order") == 0) {
    TRY(note(parser, &dictionary->has_order));
    return parse_bool(parser, &dictionary->fortran_order);
  }
  if (strcmp(key, "shape") == 0) {
    TRY(note(parser, &dictionary->has_shape));
    return parse_shape(parser, header);
  }
  return fail_header(parser, "it has a key that is not descr, fortran_order or shape");
}

/* With at most one axis that is longer than 1 both orders are the same. */
static bool order_matters(const ArrayHeader *header) {
  int long_axes = 0;
  for (int i = 0; i < header->rank; i++) long_axes += header->dims[i] > 1;
  return long_axes > 1;
}

Status npy_parse_dictionary(const char *text, size_t length, const char *name, ArrayHeader *header,
                            Error *err) {
  Parser parser = {.next = text, .end = text + length, .name = name, .err = err};
  Dictionary dictionary = {0};
  if (!accept(&parser, '{')) return fail_header(&parser, "a '{' is missing");
  while (!accept(&parser, '}')) {
    TRY(parse_entry(&parser, &dictionary, header));
    if (accept(&parser, ',')) continue;
    if (!accept(&parser, '}')) return fail_header(&parser, "a ',' or '}' is missing");
    break;
  }
  skip_space(&parser);
  if (parser.next != parser.end) return fail_header(&parser, "something follows the '}'");
  if (!dictionary.has_descr || !dictionary.has_order || !dictionary.has_shape)
    return fail_header(&parser, "descr, fortran_order or shape is missing");
  if (dictionary.fortran_order && order_matters(header))
    return fail(err, BAD_INPUT, "%s: is in Fortran order; save np.ascontiguousarray(x)", name);
  return OK;
}

/* The length of the dictionary, which follows magic and version. */
static Status read_header_length(DataStream *stream, size_t *length, Error *err) {
  uint8_t start[8], more[4] = {0};
  const char *name = stream->part.name;
  TRY(stream_read(stream, start, sizeof start, err));
  if (memcmp(start, "\x93NUMPY", 6) != 0) return fail(err, BAD_INPUT, "%s: is not an .npy file", name);
  if (start[6] < 1 || start[6] > 3)
    return fail(err, BAD_INPUT, "%s: has .npy version %d.%d, edgec reads 1.0 to 3.0", name, start[6],
                start[7]);
  TRY(stream_read(stream, more, start[6] == 1 ? 2 : 4, err));
  *length = (size_t)more[0] | (size_t)more[1] << 8 | (size_t)more[2] << 16 | (size_t)more[3] << 24;
  if (*length > NPY_MAX_HEADER)
    return fail(err, BAD_INPUT, "%s: the .npy header is said to have %zu bytes; at most %zu are read", name,
                *length, NPY_MAX_HEADER);
  return OK;
}

Status npy_read_header(DataStream *stream, ArrayHeader *header, Error *err) {
  *header = (ArrayHeader){0};
  size_t length = 0;
  TRY(read_header_length(stream, &length, err));
  char *text = bytes_new(length, err);
  if (text == NULL) return SYSTEM;
  Status status = stream_read(stream, text, length, err);
  if (status == OK) status = npy_parse_dictionary(text, length, stream->part.name, header, err);
  bytes_free(text);
  header->offset = stream->position;
  return status;
}
