/* Header, section table and content as one file. */
#include "formats/edge/sections.h"

#include <string.h>
#include <zlib.h>

#define COPY_PIECE ((size_t)8 << 20)

static uint32_t crc_of(uint32_t crc, const void *bytes, size_t size) {
  return (uint32_t)crc32_z(crc, bytes, size);
}

uint32_t sections_crc(const EdgeHeader *header, const EdgeSection *table) {
  uint32_t crc = crc_of(0, header, offsetof(EdgeHeader, crc));
  return crc_of(crc, table, header->section_count * sizeof *table);
}

static size_t aligned(size_t bytes) {
  return (bytes + EDGE_ALIGNMENT - 1) / EDGE_ALIGNMENT * EDGE_ALIGNMENT;
}

/* Copies content and returns its CRC-32, in pieces that may leave RAM again. */
static uint32_t copy_content(const SectionList *list, const uint8_t *from, size_t bytes, const Arena *arena,
                             uint8_t *to) {
  uint32_t crc = 0;
  for (size_t at = 0; at < bytes; at += COPY_PIECE) {
    size_t piece = bytes - at < COPY_PIECE ? bytes - at : COPY_PIECE;
    crc = crc_of(crc, from + at, piece);
    memcpy(to + at, from + at, piece);
    if (piece < COPY_PIECE) break;
    arena_release(arena);
    if (list->source != NULL) arena_release(list->source);
  }
  return crc;
}

/* Entry of the table for content that begins at `offset`; coded content needs no alignment. */
static EdgeSection entry_of(const SectionContent *content, bool coded, size_t offset) {
  bool is_coded = coded && content->coded != NULL;
  size_t stored = is_coded ? content->coded_bytes : content->raw_bytes;
  return (EdgeSection){.type = content->type,
                       .version = content->version,
                       .required = content->required,
                       .coding = is_coded ? EDGE_CODING_DEFLATE : EDGE_CODING_RAW,
                       .offset = (uint32_t)(is_coded ? offset : aligned(offset)),
                       .stored_bytes = (uint32_t)stored,
                       .raw_bytes = (uint32_t)content->raw_bytes};
}

Status sections_assemble(const SectionList *list, bool coded, Arena *arena, void **bytes, size_t *size,
                         Error *err) {
  EdgeSection table[EDGE_FILE_MAX_SECTIONS];
  size_t end = sizeof(EdgeHeader) + (size_t)list->count * sizeof *table;
  for (int i = 0; i < list->count; i++) {
    table[i] = entry_of(&list->sections[i], coded, end);
    end = (size_t)table[i].offset + table[i].stored_bytes;
    if (end >= EDGE_FILE_MAX_BYTES) return fail(err, UNSUPPORTED, "an .edge file of more than 2 GiB");
  }
  uint8_t *file = arena_new(arena, end, 1, err);
  if (file == NULL) return SYSTEM;
  EdgeHeader header = {.magic = EDGE_MAGIC,
                       .version = list->version,
                       .flags = list->flags,
                       .section_count = (uint32_t)list->count,
                       .file_bytes = (uint32_t)end,
                       .arena_bytes = list->arena_bytes,
                       .scratch_offset = list->scratch_offset};
  for (int i = 0; i < list->count; i++) {
    const SectionContent *content = &list->sections[i];
    const uint8_t *stored = table[i].coding == EDGE_CODING_RAW ? content->raw : content->coded;
    table[i].crc = copy_content(list, stored, table[i].stored_bytes, arena, file + table[i].offset);
  }
  header.crc = sections_crc(&header, table);
  memcpy(file, &header, sizeof header);
  memcpy(file + sizeof header, table, (size_t)list->count * sizeof *table);
  *bytes = file;
  *size = end;
  return OK;
}
