/* file.h - files: mapped for reading, written whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file's bytes, read-only. */
typedef struct MappedFile {
  const uint8_t *bytes;
  size_t size;
} MappedFile;

/* Maps a regular file. SYSTEM where it cannot be read, BAD_INPUT where it is a folder or empty. */
Status file_map(const char *path, MappedFile *file, Error *err);
/* Accepts a zeroed one. */
void file_unmap(MappedFile *file);

/* A file being written: under a temporary name in the same folder, so that no half file is ever seen. */
typedef struct OutputFile {
  const char *path; /* the caller's, must live until the end */
  char *temporary;
  int descriptor;
} OutputFile;

/* SYSTEM, with the cause, where the folder cannot be written. */
Status output_open(OutputFile *out, const char *path, Error *err);
Status output_write(OutputFile *out, const void *bytes, size_t size, Error *err);
/* The same in pieces, between which the arena's pages may leave RAM: `bytes` lie in it. */
Status output_write_from(OutputFile *out, const Arena *arena, const void *bytes, size_t size, Error *err);
/* fsync and rename to the final name; on failure the temporary file is gone. */
Status output_commit(OutputFile *out, Error *err);
/* Removes the temporary file; for error paths. Accepts a zeroed or committed one. */
void output_abandon(OutputFile *out);

/* The three steps in one. */
Status file_write(const char *path, const void *bytes, size_t size, Error *err);

/* Removes the temporary files of outputs that are open; safe to call from a signal handler. */
void output_abandon_all(void);

bool file_exists(const char *path);

#endif
