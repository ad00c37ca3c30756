/* Header, section table and checksums of a file. */
#include "runtime/load.h"

#define MAX_SECTIONS 64
#define SECTION_VERSION 1
#define REFUSED_FLAGS 0x00ffu /* unknown flags among these change the meaning, those above may be ignored */

_Static_assert(sizeof(EdgeHeader) == 32 && sizeof(EdgeSection) == 32, "structs must be as in the file");

uint32_t edge_crc32(const uint8_t *data, size_t bytes) {
  static const uint32_t of_nibble[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= data[i];
    crc = crc >> 4 ^ of_nibble[crc & 15];
    crc = crc >> 4 ^ of_nibble[crc & 15];
  }
  return ~crc;
}

/* CRC of the header without its own field, continued over the section table: of the two as one text. */
static uint32_t table_crc(const uint8_t *file, uint32_t section_count) {
  uint8_t text[sizeof(EdgeHeader) + MAX_SECTIONS * sizeof(EdgeSection)];
  const uint32_t crc_at = (uint32_t)offsetof(EdgeHeader, crc);
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < sizeof(EdgeHeader) + section_count * sizeof(EdgeSection); i++)
    if (i < crc_at || i >= crc_at + 4) text[bytes++] = file[i];
  return edge_crc32(text, bytes);
}

static EdgeStatus check_header(const uint8_t *file, size_t file_bytes) {
  const EdgeHeader *header = (const EdgeHeader *)file;
  if (file_bytes < 4) return EDGE_TRUNCATED;
  if (header->magic != EDGE_MAGIC) return EDGE_NOT_EDGE;
  if (file_bytes < sizeof(EdgeHeader)) return EDGE_TRUNCATED;
  if (header->version > EDGE_FORMAT_VERSION) return EDGE_VERSION;
  if (header->version == 0) return EDGE_MALFORMED;
  if (header->file_bytes > file_bytes) return EDGE_TRUNCATED;
  if (header->section_count > MAX_SECTIONS) return EDGE_MALFORMED;
  if (sizeof(EdgeHeader) + header->section_count * sizeof(EdgeSection) > header->file_bytes)
    return EDGE_MALFORMED;
  if (table_crc(file, header->section_count) != header->crc) return EDGE_CHECKSUM;
  if ((header->flags & REFUSED_FLAGS & ~EDGE_FLAG_INTEGER_ONLY) != 0) return EDGE_VERSION;
  return header->reserved == 0 ? EDGE_OK : EDGE_MALFORMED;
}

/* Where a known section goes; NULL: unknown, or nothing that the runtime reads. */
static EdgeSpan *place_of(EdgeSections *sections, uint32_t type) {
  switch (type) {
  case EDGE_SECTION_TENSORS:
    return &sections->tensors;
  case EDGE_SECTION_CODE:
    return &sections->code;
  case EDGE_SECTION_WEIGHTS:
    return &sections->weights;
  case EDGE_SECTION_IO:
    return &sections->io;
  case EDGE_SECTION_STRINGS:
    return &sections->strings;
  case EDGE_SECTION_LAYERS:
    return &sections->layers;
  case EDGE_SECTION_SELF_TEST:
    return &sections->self_test;
  default:
    return NULL;
  }
}

/* The section's place behind `end` and its coding. */
static EdgeStatus check_section(const EdgeSection *section, uint32_t end, uint32_t file_bytes) {
  if (section->reserved[0] != 0 || section->reserved[1] != 0 || section->required > 1) return EDGE_MALFORMED;
  if (section->offset < end || section->offset > file_bytes ||
      section->stored_bytes > file_bytes - section->offset)
    return EDGE_MALFORMED;
  if (section->coding != EDGE_CODING_RAW) return EDGE_CODED;
  if (section->stored_bytes != section->raw_bytes || section->offset % EDGE_ALIGNMENT != 0)
    return EDGE_MALFORMED;
  return EDGE_OK;
}

static EdgeStatus check_crc(const EdgeSection *section, const uint8_t *file) {
  uint32_t crc = edge_crc32(file + section->offset, section->stored_bytes);
  return crc == section->crc ? EDGE_OK : EDGE_CHECKSUM;
}

/* Enters a checked section; required ones must be understood, others are passed over if they are not. */
static EdgeStatus enter_section(EdgeSections *sections, const EdgeSection *section, const uint8_t *file) {
  EdgeSpan *place = place_of(sections, section->type);
  int is_known = place != NULL && section->version <= SECTION_VERSION;
  if (!is_known) return section->required ? EDGE_VERSION : EDGE_OK;
  if (place->data != NULL) return EDGE_MALFORMED; /* twice */
  *place = (EdgeSpan){file + section->offset, section->stored_bytes};
  return EDGE_OK;
}

static int is_zero(const uint8_t *file, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; i++)
    if (file[i] != 0) return 0;
  return 1;
}

EdgeStatus edge_read_sections(EdgeSections *sections, const uint8_t *file, size_t file_bytes,
                              int is_checked) {
  EdgeStatus status = check_header(file, file_bytes);
  if (status != EDGE_OK) return status;
  const EdgeHeader *header = (const EdgeHeader *)file;
  const EdgeSection *table = (const EdgeSection *)(file + sizeof(EdgeHeader));
  uint32_t end = (uint32_t)(sizeof(EdgeHeader) + header->section_count * sizeof(EdgeSection));
  *sections = (EdgeSections){0};
  for (uint32_t i = 0; i < header->section_count; i++) {
    status = check_section(&table[i], end, header->file_bytes);
    if (status == EDGE_OK && !is_checked) status = check_crc(&table[i], file);
    if (status == EDGE_OK) status = enter_section(sections, &table[i], file);
    if (status != EDGE_OK) return status;
    if (!is_zero(file, end, table[i].offset)) return EDGE_MALFORMED;
    end = table[i].offset + table[i].stored_bytes;
  }
  return is_zero(file, end, header->file_bytes) ? EDGE_OK : EDGE_MALFORMED;
}
