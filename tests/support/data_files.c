#include "tests/support/data_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static void put(Text *text, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    uint8_t byte = (uint8_t)(value >> (8 * i));
    text_add_bytes(text, &byte, 1);
  }
}

void make_npy(Text *file, int version, const char *dictionary, const void *data, size_t size) {
  uint8_t start[8] = {0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)version, 0};
  text_add_bytes(file, start, sizeof start);
  put(file, strlen(dictionary), version == 1 ? 2 : 4);
  text_add(file, "%s", dictionary);
  text_add_bytes(file, data, size);
}

void make_array(Text *file, const char *descr, const char *shape, const void *data, size_t size) {
  char dictionary[200];
  snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }  \n",
           descr, shape);
  make_npy(file, 1, dictionary, data, size);
}

void make_idx(Text *file, int type, int rank, const uint32_t *dims, const void *data, size_t size) {
  uint8_t magic[4] = {0, 0, (uint8_t)type, (uint8_t)rank};
  text_add_bytes(file, magic, sizeof magic);
  for (int i = 0; i < rank; i++) {
    uint8_t length[4] = {(uint8_t)(dims[i] >> 24), (uint8_t)(dims[i] >> 16), (uint8_t)(dims[i] >> 8),
                         (uint8_t)dims[i]};
    text_add_bytes(file, length, sizeof length);
  }
  text_add_bytes(file, data, size);
}

static void deflate_into(Text *file, const void *data, size_t size, int window_bits) {
  z_stream stream = {0};
  if (deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
  size_t room = deflateBound(&stream, size) + 64;
  uint8_t *out = malloc(room);
  uint8_t *in = malloc(size + 1);
  if (out == NULL || in == NULL) abort();
  if (size > 0) memcpy(in, data, size);
  stream.next_in = in;
  stream.avail_in = (uInt)size;
  stream.next_out = out;
  stream.avail_out = (uInt)room;
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort();
  text_add_bytes(file, out, stream.total_out);
  deflateEnd(&stream);
  free(out);
  free(in);
}

void make_gzip(Text *file, const void *data, size_t size) {
  deflate_into(file, data, size, 15 + 16);
}

static void add_entry(ZipMaker *zip, const char *name, unsigned method, uint32_t crc, size_t coded,
                      size_t size, size_t header) {
  Text *directory = &zip->directory;
  bool wide = zip->zip64;
  text_add_bytes(directory, "PK\1\2", 4);
  put(directory, 45, 2);
  put(directory, 45, 2);
  put(directory, 0, 2);
  put(directory, method, 2);
  put(directory, 0, 4);
  put(directory, crc, 4);
  put(directory, wide ? UINT32_MAX : coded, 4);
  put(directory, wide ? UINT32_MAX : size, 4);
  put(directory, strlen(name), 2);
  put(directory, wide ? 28 : 0, 2);
  put(directory, 0, 2);
  put(directory, 0, 8);
  put(directory, wide ? UINT32_MAX : header, 4);
  text_add(directory, "%s", name);
  if (!wide) return;
  put(directory, 1, 2);
  put(directory, 24, 2);
  put(directory, size, 8);
  put(directory, coded, 8);
  put(directory, header, 8);
}

void zip_add(ZipMaker *zip, const char *name, bool deflated, const void *data, size_t size) {
  Text coded = {0};
  if (deflated)
    deflate_into(&coded, data, size, -15);
  else
    text_add_bytes(&coded, data, size);
  size_t header = zip->file->length;
  uint32_t crc = (uint32_t)crc32_z(0, data, size);
  text_add_bytes(zip->file, "PK\3\4", 4);
  put(zip->file, 45, 2);
  put(zip->file, 0, 2);
  put(zip->file, deflated ? 8 : 0, 2);
  put(zip->file, 0, 4);
  put(zip->file, crc, 4);
  put(zip->file, coded.length, 4);
  put(zip->file, size, 4);
  put(zip->file, strlen(name), 2);
  put(zip->file, 0, 2);
  text_add(zip->file, "%s", name);
  text_add_bytes(zip->file, coded.bytes, coded.length);
  add_entry(zip, name, deflated ? 8 : 0, crc, coded.length, size, header);
  zip->entries++;
  text_free(&coded);
}

static void add_end64(ZipMaker *zip, size_t offset, size_t size) {
  size_t record = zip->file->length;
  text_add_bytes(zip->file, "PK\6\6", 4);
  put(zip->file, 44, 8);
  put(zip->file, 45, 2);
  put(zip->file, 45, 2);
  put(zip->file, 0, 8);
  put(zip->file, zip->entries, 8);
  put(zip->file, zip->entries, 8);
  put(zip->file, size, 8);
  put(zip->file, offset, 8);
  text_add_bytes(zip->file, "PK\6\7", 4);
  put(zip->file, 0, 4);
  put(zip->file, record, 8);
  put(zip->file, 1, 4);
}

void zip_end(ZipMaker *zip) {
  size_t offset = zip->file->length, size = zip->directory.length;
  text_add_bytes(zip->file, zip->directory.bytes, size);
  if (zip->zip64) add_end64(zip, offset, size);
  text_add_bytes(zip->file, "PK\5\6", 4);
  put(zip->file, 0, 4);
  put(zip->file, zip->entries, 2);
  put(zip->file, zip->entries, 2);
  put(zip->file, zip->zip64 ? UINT32_MAX : size, 4);
  put(zip->file, zip->zip64 ? UINT32_MAX : offset, 4);
  put(zip->file, 0, 2);
  text_free(&zip->directory);
}

void write_temporary(char *path, const void *bytes, size_t size) {
  snprintf(path, 64, "/tmp/edgec-test.XXXXXX");
  int descriptor = mkstemp(path);
  if (descriptor < 0 || write(descriptor, bytes, size) != (ssize_t)size) abort();
  close(descriptor);
}
