/* data_files.h - makes .npy, .npz, idx and gzip in memory, right ones and, by changing bytes, wrong ones. */
#ifndef TESTS_SUPPORT_DATA_FILES_H
#define TESTS_SUPPORT_DATA_FILES_H

#include "base/base.h"

/* An .npy of version `version`: the dictionary as given, then the data. */
void make_npy(Text *file, int version, const char *dictionary, const void *data, size_t size);
/* The same with the dictionary of a descr and a shape such as "3, 2". */
void make_array(Text *file, const char *descr, const char *shape, const void *data, size_t size);

/* An idx of the type code and rank with these lengths. */
void make_idx(Text *file, int type, int rank, const uint32_t *dims, const void *data, size_t size);

void make_gzip(Text *file, const void *data, size_t size);

/* A zip archive: members first, then zip_end(). */
typedef struct ZipMaker {
  Text *file;
  Text directory;
  unsigned entries;
  bool zip64; /* sizes and offsets go to zip64 fields */
} ZipMaker;
void zip_add(ZipMaker *zip, const char *name, bool deflated, const void *data, size_t size);
void zip_end(ZipMaker *zip);

/* A temporary file with these bytes; its path is written to `path` (64 bytes). */
void write_temporary(char *path, const void *bytes, size_t size);

#endif
