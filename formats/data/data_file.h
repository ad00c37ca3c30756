/* data_file.h - random access to a data file that is not mapped, so that memory does not grow as it is read.
 */
#ifndef FORMATS_DATA_DATA_FILE_H
#define FORMATS_DATA_DATA_FILE_H

#include "base/base.h"

/* An open regular file, or bytes in memory. */
typedef struct DataFile {
  const char *name;     /* for messages; the caller's, lives as long as the file */
  const uint8_t *bytes; /* NULL: read from the descriptor */
  int descriptor;
  uint64_t size;
} DataFile;

/* SYSTEM where it cannot be read, BAD_INPUT where it is no regular file or empty. */
Status data_file_open(DataFile *file, const char *path, Error *err);
/* Bytes that the caller keeps. */
void data_file_of_memory(DataFile *file, const void *bytes, size_t size, const char *name);
/* Accepts a zeroed one. */
void data_file_close(DataFile *file);

/* Reads exactly `count` bytes from `offset` on; BAD_INPUT where the file ends before. */
Status data_file_read_at(const DataFile *file, uint64_t offset, void *buffer, size_t count, Error *err);

#endif
