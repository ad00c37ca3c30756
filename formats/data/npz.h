/* npz.h - the arrays of an .npz, which is a zip archive of .npy files. */
#ifndef FORMATS_DATA_NPZ_H
#define FORMATS_DATA_NPZ_H

#include "formats/data/data_stream.h"

#define NPZ_MAX_ENTRIES 4096
#define NPZ_MAX_DIRECTORY ((uint64_t)4 << 20) /* bytes of the central directory */

/* A member; names are keys only and are never used as paths. */
typedef struct NpzEntry {
  char *name;      /* without ".npy"; unprintable characters replaced by '?' */
  uint64_t header; /* offset of the local header */
  uint64_t coded_size, size;
  uint32_t crc;
  unsigned method, flags;
  bool is_array; /* the name ends in ".npy" */
} NpzEntry;

bool npz_is_magic(const uint8_t magic[4]);

/* Reads the central directory (zip64 too) into the arena. */
Status npz_read_directory(const DataFile *file, Arena *arena, NpzEntry **entries, int *count, Error *err);

/* Where an entry's bytes are; `name` is for messages and must live as long as a stream of it. UNSUPPORTED
   methods and encryption are BAD_INPUT. */
Status npz_locate(const DataFile *file, const NpzEntry *entry, const char *name, StreamPart *part,
                  Error *err);

#endif
