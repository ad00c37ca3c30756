/*
 * sections.h - the sections of an .edge file in memory, and how they become one file: what writer and reader
 * share.
 */
#ifndef FORMATS_EDGE_SECTIONS_H
#define FORMATS_EDGE_SECTIONS_H

#include "base/base.h"
#include "runtime/program.h"

#define EDGE_FILE_MAX_SECTIONS 64
#define EDGE_FILE_MAX_BYTES (UINT32_C(1) << 31) /* of a file and of what it unpacks to */

/* Sections of so many bytes are stored as they are: the weights of a model that large are used where they lie
   in the file, and nobody waits for them to be unpacked. */
#define EDGE_FILE_LEAST_RAW ((size_t)64 << 20)
#define EDGE_FILE_SPILL ((size_t)1 << 20) /* pieces of such files that may leave RAM */

/* A section is deflated at most so far: one that would shrink more is stored as it is. So a reader need not
   allocate more than a multiple of the file's size. */
#define EDGE_FILE_MOST_DEFLATED 128

/* A section's content; `coded` is what the file stores where that is smaller (NULL: the content itself). */
typedef struct SectionContent {
  uint32_t type;
  uint16_t version;
  bool required;
  const uint8_t *raw;
  size_t raw_bytes;
  const uint8_t *coded;
  size_t coded_bytes;
} SectionContent;

typedef struct SectionList {
  SectionContent sections[EDGE_FILE_MAX_SECTIONS];
  int count;
  const Arena *source; /* where the content lies, if it may leave RAM; or NULL */
  uint32_t arena_bytes, scratch_offset;
  uint16_t version, flags;
} SectionList;

/* CRC-32 of the header before its own field and of the section table. */
uint32_t sections_crc(const EdgeHeader *header, const EdgeSection *table);

/* The file's bytes in `arena`, with checksums; `coded`: with the coded forms where there are such. */
Status sections_assemble(const SectionList *list, bool coded, Arena *arena, void **bytes, size_t *size,
                         Error *err);

#endif
