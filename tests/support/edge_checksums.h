/* edge_checksums.h - sets all checksums of bytes that may be an `.edge` file, as far as they go. */
#ifndef TESTS_SUPPORT_EDGE_CHECKSUMS_H
#define TESTS_SUPPORT_EDGE_CHECKSUMS_H

#include "runtime/load.h"

#include <stdlib.h>
#include <string.h>

/* The header without its last field and the table, as one text. */
static inline void edge_fix_header_checksum(uint8_t *file, uint32_t section_count) {
  EdgeHeader *header = (EdgeHeader *)file;
  size_t table = section_count * sizeof(EdgeSection), front = offsetof(EdgeHeader, crc);
  uint8_t *text = malloc(front + table);
  if (text == NULL) abort();
  memcpy(text, file, front);
  memcpy(text + front, file + sizeof *header, table);
  header->crc = edge_crc32(text, front + table);
  free(text);
}

static inline void edge_fix_checksums(uint8_t *file, size_t bytes) {
  EdgeHeader *header = (EdgeHeader *)file;
  EdgeSection *section = (EdgeSection *)(file + sizeof *header);
  if (bytes < sizeof *header || header->section_count > (bytes - sizeof *header) / sizeof *section) return;
  for (uint32_t i = 0; i < header->section_count; i++)
    if (section[i].offset <= bytes && section[i].stored_bytes <= bytes - section[i].offset)
      section[i].crc = edge_crc32(file + section[i].offset, section[i].stored_bytes);
  edge_fix_header_checksum(file, header->section_count);
}

#endif
