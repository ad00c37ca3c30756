#include "examples/digit_archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The layout is PKWARE's APPNOTE (zip) and NumPy's "NPY format", version 1.0. */
#define LOCAL_HEADER_BYTES 30
#define CENTRAL_HEADER_BYTES 46
#define END_RECORD_BYTES 22
#define NAME_BYTES 40
#define NPY_HEADER_BYTES 192 /* magic, lengths, dictionary: any shape fits; a multiple of 64 */
#define NPY_PREFIX_BYTES 10
#define ZIP_VERSION 20      /* 2.0: deflate */
#define ZIP_DEFLATE 8       /* the method's number */
#define ZIP_EPOCH 0x0021u   /* 1 January 1980, the format's first day */
#define RAW_DEFLATE_BITS 15 /* negative for zlib: no zlib header, which zip does not have */

typedef struct Member {
  char name[NAME_BYTES];
  uint32_t offset, checksum, raw_size, packed_size;
  uint8_t *packed;
} Member;

static uint8_t *put(uint8_t *at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> (8 * i));
  return at;
}

/* ---- an array as the bytes of a .npy file ---- */

static size_t element_count(const Array *array) {
  size_t count = 1;
  for (int i = 0; i < array->rank; i++) {
    if (array->shape[i] > 0 && count > ARRAY_MAX_BYTES / array->shape[i]) return SIZE_MAX;
    count *= array->shape[i];
  }
  return count;
}

static void npy_header(const Array *array, uint8_t header[NPY_HEADER_BYTES]) {
  char shape[ARRAY_MAX_RANK * 24] = "";
  size_t used = 0;
  for (int i = 0; i < array->rank; i++) {
    const char *separator = i == 0 ? "" : " ";
    used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%zu,", separator, array->shape[i]);
  }
  char text[NPY_HEADER_BYTES + 1];
  snprintf(text, sizeof text, "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }", shape);

  size_t room = NPY_HEADER_BYTES - NPY_PREFIX_BYTES;
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  put(header + 8, (uint32_t)room, 2);
  memset(header + NPY_PREFIX_BYTES, ' ', room);
  memcpy(header + NPY_PREFIX_BYTES, text, strlen(text));
  header[NPY_HEADER_BYTES - 1] = '\n';
}

/* ---- members of the archive ---- */

static bool deflate_parts(z_stream *stream, uint8_t header[NPY_HEADER_BYTES], const Array *array,
                          size_t bytes) {
  stream->next_in = header;
  stream->avail_in = NPY_HEADER_BYTES;
  if (deflate(stream, Z_NO_FLUSH) != Z_OK) return false;
  stream->next_in = (Bytef *)(uintptr_t)array->data; /* zlib only reads it, but does not say const */
  stream->avail_in = (uInt)bytes;
  return deflate(stream, Z_FINISH) == Z_STREAM_END;
}

/* Fills `member` but for its offset; the packed bytes are the caller's to free. */
static bool pack(const Array *array, Member *member) {
  size_t bytes = element_count(array);
  if (bytes > ARRAY_MAX_BYTES) {
    errno = EINVAL;
    return false;
  }
  uint8_t header[NPY_HEADER_BYTES];
  npy_header(array, header);
  snprintf(member->name, sizeof member->name, "%s.npy", array->name);
  member->raw_size = (uint32_t)(bytes + NPY_HEADER_BYTES);
  member->checksum = (uint32_t)crc32(crc32(0, header, NPY_HEADER_BYTES), array->data, (uInt)bytes);

  z_stream stream = {0};
  errno = ENOMEM; /* the one way in which the calls below can fail */
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -RAW_DEFLATE_BITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  uLong bound = deflateBound(&stream, member->raw_size);
  member->packed = malloc(bound);
  stream.next_out = member->packed;
  stream.avail_out = (uInt)bound;
  bool packed = member->packed != NULL && deflate_parts(&stream, header, array, bytes);
  member->packed_size = (uint32_t)stream.total_out;
  deflateEnd(&stream);
  return packed;
}

/* The fields that a member's local and central header share. */
static uint8_t *put_common(uint8_t *at, const Member *member) {
  at = put(at, ZIP_VERSION, 2);
  at = put(at, 0, 2); /* flags */
  at = put(at, ZIP_DEFLATE, 2);
  at = put(at, 0, 2); /* time */
  at = put(at, ZIP_EPOCH, 2);
  at = put(at, member->checksum, 4);
  at = put(at, member->packed_size, 4);
  at = put(at, member->raw_size, 4);
  at = put(at, (uint32_t)strlen(member->name), 2);
  return put(at, 0, 2); /* extra field */
}

static bool write_bytes(FILE *file, const void *bytes, size_t count) {
  return fwrite(bytes, 1, count, file) == count;
}

static bool write_member(FILE *file, const Member *member) {
  uint8_t header[LOCAL_HEADER_BYTES];
  put_common(put(header, 0x04034b50u, 4), member);
  return write_bytes(file, header, sizeof header) && write_bytes(file, member->name, strlen(member->name)) &&
         write_bytes(file, member->packed, member->packed_size);
}

static bool write_central(FILE *file, const Member *member) {
  uint8_t header[CENTRAL_HEADER_BYTES] = {0}; /* comment, disk and attributes stay 0 */
  uint8_t *at = put(header, 0x02014b50u, 4);
  put_common(put(at, ZIP_VERSION, 2), member);
  put(header + CENTRAL_HEADER_BYTES - 4, member->offset, 4);
  return write_bytes(file, header, sizeof header) && write_bytes(file, member->name, strlen(member->name));
}

static bool write_end(FILE *file, uint32_t members, uint32_t directory_offset, uint32_t directory_bytes) {
  uint8_t record[END_RECORD_BYTES] = {0}; /* one disk, no comment */
  uint8_t *at = put(record, 0x06054b50u, 4);
  at = put(at + 4, members, 2);
  at = put(at, members, 2);
  at = put(at, directory_bytes, 4);
  put(at, directory_offset, 4);
  return write_bytes(file, record, sizeof record);
}

static bool write_all(FILE *file, Member *members, int count) {
  uint32_t offset = 0, directory = 0;
  for (int i = 0; i < count; i++) {
    members[i].offset = offset;
    if (!write_member(file, &members[i])) return false;
    uint32_t name_bytes = (uint32_t)strlen(members[i].name);
    offset += LOCAL_HEADER_BYTES + name_bytes + members[i].packed_size;
    directory += CENTRAL_HEADER_BYTES + name_bytes;
  }
  for (int i = 0; i < count; i++)
    if (!write_central(file, &members[i])) return false;
  return write_end(file, (uint32_t)count, offset, directory);
}

static bool write_file(const char *path, Member *members, int count) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) return false;
  bool written = write_all(file, members, count);
  int cause = errno;
  if (fclose(file) != 0 && written) {
    written = false;
    cause = errno;
  }
  errno = cause;
  return written;
}

bool write_archive(const char *path, const Array *arrays, int count) {
  if (count > ARCHIVE_MAX_ARRAYS) {
    errno = EINVAL;
    return false;
  }
  Member members[ARCHIVE_MAX_ARRAYS] = {{.packed = NULL}};
  bool done = true;
  for (int i = 0; i < count && done; i++) done = pack(&arrays[i], &members[i]);
  done = done && write_file(path, members, count);
  for (int i = 0; i < count; i++) free(members[i].packed);
  return done;
}
