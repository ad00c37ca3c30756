/* npy_write.c - .npy version 1.0, little-endian, C order. */
#include "formats/data/data.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_ALIGNMENT 64 /* of the first element, as NumPy does it */

struct NpyWriter {
  OutputFile out;
  char *path;
  size_t element_size;
  uint64_t left; /* elements that are still to come */
};

static Status count_elements(int rank, const int64_t *dims, uint64_t *count, Error *err) {
  *count = 1;
  if (rank < 0 || rank > DATA_MAX_RANK + 1)
    return fail(err, BAD_INPUT, "an array of %d axes cannot be written, at most %d", rank, DATA_MAX_RANK + 1);
  for (int i = 0; i < rank; i++)
    if (dims[i] < 0 || __builtin_mul_overflow(*count, (uint64_t)dims[i], count) || *count > UINT64_MAX / 8)
      return fail(err, BAD_INPUT, "an array to be written has an impossible shape");
  return OK;
}

/* Magic, version and length are 10 bytes; spaces and a newline fill up to the alignment. */
static void build_header(Text *header, bool is_integer, int rank, const int64_t *dims) {
  Text dictionary = {0};
  text_add(&dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (", is_integer ? "<i8" : "<f4");
  for (int i = 0; i < rank; i++) text_add(&dictionary, i > 0 ? ", %lld" : "%lld", (long long)dims[i]);
  text_add(&dictionary, rank == 1 ? ",), }" : "), }");
  while ((10 + dictionary.length + 1) % HEADER_ALIGNMENT != 0 && !dictionary.failed)
    text_add(&dictionary, " ");
  text_add(&dictionary, "\n");
  uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  start[8] = (uint8_t)(dictionary.length & 0xff);
  start[9] = (uint8_t)(dictionary.length >> 8);
  text_add_bytes(header, start, sizeof start);
  text_add_bytes(header, dictionary.bytes, dictionary.length);
  header->failed |= dictionary.failed;
  text_free(&dictionary);
}

static Status begin(NpyWriter *writer, const char *path, const Text *header, Error *err) {
  writer->path = strdup(path);
  if (writer->path == NULL) return fail_memory(err);
  TRY(output_open(&writer->out, writer->path, err));
  return output_write(&writer->out, header->bytes, header->length, err);
}

Status npy_create(NpyWriter **writer, const char *path, bool is_integer, int rank, const int64_t *dims,
                  Error *err) {
  *writer = NULL;
  uint64_t count;
  Text header = {0};
  TRY(count_elements(rank, dims, &count, err));
  build_header(&header, is_integer, rank, dims);
  *writer = calloc(1, sizeof **writer);
  Status status = text_status(&header, err);
  if (*writer == NULL) status = fail_memory(err);
  if (status == OK) {
    **writer = (NpyWriter){.element_size = is_integer ? sizeof(int64_t) : sizeof(float), .left = count};
    status = begin(*writer, path, &header, err);
  }
  text_free(&header);
  if (status != OK) {
    npy_abandon(*writer);
    *writer = NULL;
  }
  return status;
}

Status npy_append(NpyWriter *writer, const void *values, size_t count, Error *err) {
  if (count > writer->left)
    return fail(err, BAD_INPUT, "%s: more values are written than its shape has", writer->path);
  TRY(output_write(&writer->out, values, count * writer->element_size, err));
  writer->left -= count;
  return OK;
}

Status npy_finish(NpyWriter *writer, Error *err) {
  Status status = writer->left == 0 ? output_commit(&writer->out, err)
                                    : fail(err, BAD_INPUT, "%s: fewer values were written than its shape has",
                                           writer->path);
  npy_abandon(writer);
  return status;
}

void npy_abandon(NpyWriter *writer) {
  if (writer == NULL) return;
  output_abandon(&writer->out);
  free(writer->path);
  free(writer);
}
