/*
 * edge_file.h - `.edge` files: written from a lowered program, read back and loaded into the runtime.
 *
 *     TRY(edge_file_build(&program, metadata, EDGE_FILE_COMPACT, &arena, &bytes, &size, &err));
 *     EdgeFile file;
 *     TRY(edge_file_open(&file, "model.edge", &err));       // unpacked, checked, loaded: file.model
 *     ... edge_run(&file.model, arena, NULL) ...
 *     edge_file_close(&file);
 */
#ifndef FORMATS_EDGE_EDGE_FILE_H
#define FORMATS_EDGE_EDGE_FILE_H

#include "lower/lower.h"
#include "runtime/edge.h"

typedef struct EdgeFile {
  Arena memory;
  void *image; /* the unpacked file, in `memory` */
  size_t image_bytes;
  size_t file_bytes; /* as it lies on disk */
  EdgeModel model;
} EdgeFile;

typedef enum EdgeFileForm {
  EDGE_FILE_COMPACT, /* sections deflated where that is smaller, but for the largest ones */
  EDGE_FILE_RAW      /* sections as they are: edge_load() takes the file in place */
} EdgeFileForm;

/* Builds the file's bytes: sections and a self-test (seeded input, hash of the output, computed by running
   it). `metadata` is "key=value\n" text. `bytes` lie in `arena`, and may leave RAM where the program's
   constants may. */
Status edge_file_build(const EdgeProgram *program, const char *metadata, EdgeFileForm form, Arena *arena,
                       void **bytes, size_t *size, Error *err);

/* BAD_INPUT for a damaged or foreign file; SYSTEM where it cannot be read. */
Status edge_file_open(EdgeFile *file, const char *path, Error *err);
Status edge_file_parse(EdgeFile *file, const char *name, const void *bytes, size_t size, Error *err);
/* The same of a mapped file, whose pages may be let go on the way. */
Status edge_file_read(EdgeFile *file, const char *name, const MappedFile *mapped, Error *err);
void edge_file_close(EdgeFile *file);
/* The META text, zero-terminated, or "". Points into the image. */
const char *edge_file_metadata(const EdgeFile *file);

/* True if the bytes begin as an .edge file does. */
bool edge_file_is(const void *bytes, size_t size);

#endif
