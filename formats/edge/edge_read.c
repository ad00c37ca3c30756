/* Reads .edge files: checks as much of header and table as unpacking needs, unpacks into one raw image, and
 * lets the runtime's loader check the rest. */
#include "base/spill.h"
#include "formats/edge/edge_file.h"
#include "formats/edge/sections.h"

#include <string.h>
#include <zlib.h>

#define CRC_PIECE ((size_t)8 << 20)

typedef struct Reader {
  Arena arena;
  Error *err;
  const char *name;
  const uint8_t *bytes;
  size_t size;
  bool is_mapped; /* its pages can be let go */
  EdgeHeader header;
  SectionList list;
  size_t end;      /* of the last section: the next one lies behind it, so that no byte counts twice */
  size_t unpacked; /* bytes so far */
} Reader;

bool edge_file_is(const void *bytes, size_t size) {
  uint32_t magic;
  if (size < sizeof magic) return false;
  memcpy(&magic, bytes, sizeof magic);
  return magic == EDGE_MAGIC;
}

/* One line for a status of the loader. */
static Status refuse(const Reader *reader, EdgeStatus status) {
  const char *advice = status == EDGE_VERSION ? "; use a newer edgec" : "";
  return fail(reader->err, BAD_INPUT, "%s: %s%s", reader->name, edge_status_text(status), advice);
}

static Status read_header(Reader *reader) {
  if (!edge_file_is(reader->bytes, reader->size)) return refuse(reader, EDGE_NOT_EDGE);
  if (reader->size < sizeof reader->header) return refuse(reader, EDGE_TRUNCATED);
  memcpy(&reader->header, reader->bytes, sizeof reader->header);
  const EdgeHeader *header = &reader->header;
  if (header->version > EDGE_FORMAT_VERSION) return refuse(reader, EDGE_VERSION);
  if (header->file_bytes > reader->size) return refuse(reader, EDGE_TRUNCATED);
  if (header->file_bytes < reader->size)
    return fail(reader->err, BAD_INPUT, "%s: %zu bytes follow the end of the file's content", reader->name,
                reader->size - header->file_bytes);
  if (header->section_count > EDGE_FILE_MAX_SECTIONS || header->reserved != 0 || header->version == 0 ||
      sizeof *header + header->section_count * sizeof(EdgeSection) > header->file_bytes)
    return refuse(reader, EDGE_MALFORMED);
  return OK;
}

/* Unpacks a coded section to exactly the size that the table promises. */
static Status unpack(Reader *reader, const EdgeSection *section, const uint8_t *stored,
                     SectionContent *content) {
  if (section->raw_bytes > (uint64_t)section->stored_bytes * EDGE_FILE_MOST_DEFLATED)
    return refuse(reader, EDGE_MALFORMED);
  uint8_t *raw = arena_new(&reader->arena, section->raw_bytes, 1, reader->err);
  if (raw == NULL) return SYSTEM;
  uLongf size = section->raw_bytes;
  uLong used = section->stored_bytes;
  if (uncompress2(raw, &size, stored, &used) != Z_OK || size != section->raw_bytes ||
      used != section->stored_bytes)
    return refuse(reader, EDGE_MALFORMED);
  content->raw = raw;
  return OK;
}

static uint32_t crc_of(const Reader *reader, const uint8_t *bytes, size_t size) {
  uint32_t crc = 0;
  for (size_t at = 0; at < size; at += CRC_PIECE) {
    size_t piece = size - at < CRC_PIECE ? size - at : CRC_PIECE;
    crc = (uint32_t)crc32_z(crc, bytes + at, piece);
    if (reader->is_mapped) spill_release(bytes + at, piece);
  }
  return crc;
}

static Status read_section(Reader *reader, const EdgeSection *section) {
  if (section->offset < reader->end || section->offset > reader->size ||
      section->stored_bytes > reader->size - section->offset)
    return refuse(reader, EDGE_MALFORMED);
  reader->end = section->offset + section->stored_bytes;
  const uint8_t *stored = reader->bytes + section->offset;
  if (crc_of(reader, stored, section->stored_bytes) != section->crc) return refuse(reader, EDGE_CHECKSUM);
  reader->unpacked += section->raw_bytes;
  if (section->required > 1 || section->reserved[0] != 0 || section->reserved[1] != 0 ||
      reader->unpacked >= EDGE_FILE_MAX_BYTES)
    return refuse(reader, EDGE_MALFORMED);
  SectionContent *content = &reader->list.sections[reader->list.count++];
  *content = (SectionContent){.type = section->type,
                              .version = section->version,
                              .required = section->required,
                              .raw = stored,
                              .raw_bytes = section->raw_bytes};
  if (section->coding == EDGE_CODING_DEFLATE) return unpack(reader, section, stored, content);
  if (section->coding != EDGE_CODING_RAW)
    return fail(reader->err, BAD_INPUT, "%s: a section is compressed in a way that this edgec does not know",
                reader->name);
  return section->raw_bytes == section->stored_bytes ? OK : refuse(reader, EDGE_MALFORMED);
}

static bool is_zero(const uint8_t *bytes, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++)
    if (bytes[i] != 0) return false;
  return true;
}

/* Sections stand in the order of the table, and what is between and behind them is 0. */
static Status check_gaps(const Reader *reader, const EdgeSection *table, size_t count) {
  size_t end = sizeof reader->header + count * sizeof *table;
  for (size_t i = 0; i < count; i++) {
    if (table[i].offset < end || table[i].offset > reader->size ||
        !is_zero(reader->bytes, end, table[i].offset))
      return refuse(reader, EDGE_MALFORMED);
    end = (size_t)table[i].offset + table[i].stored_bytes;
  }
  return is_zero(reader->bytes, end, reader->size) ? OK : refuse(reader, EDGE_MALFORMED);
}

static Status read_sections(Reader *reader) {
  EdgeSection table[EDGE_FILE_MAX_SECTIONS];
  size_t count = reader->header.section_count;
  memcpy(table, reader->bytes + sizeof reader->header, count * sizeof *table);
  if (sections_crc(&reader->header, table) != reader->header.crc) return refuse(reader, EDGE_CHECKSUM);
  reader->end = sizeof reader->header + count * sizeof *table;
  for (size_t i = 0; i < count; i++) TRY(read_section(reader, &table[i]));
  return check_gaps(reader, table, count);
}

static Status parse(Reader *reader, EdgeFile *file) {
  TRY(read_header(reader));
  TRY(read_sections(reader));
  reader->list.arena_bytes = reader->header.arena_bytes;
  reader->list.scratch_offset = reader->header.scratch_offset;
  reader->list.version = reader->header.version;
  reader->list.flags = reader->header.flags;
  if (reader->unpacked >= EDGE_FILE_LEAST_RAW) file->memory.spill_from = EDGE_FILE_SPILL;
  TRY(sections_assemble(&reader->list, false, &file->memory, &file->image, &file->image_bytes, reader->err));
  EdgeStatus status = edge_load_checked(&file->model, file->image, file->image_bytes);
  return status == EDGE_OK ? OK : refuse(reader, status);
}

static Status read_file(Reader *reader, EdgeFile *file) {
  *file = (EdgeFile){.file_bytes = reader->size};
  Status status = parse(reader, file);
  arena_free(&reader->arena);
  if (status != OK) edge_file_close(file);
  return status;
}

Status edge_file_parse(EdgeFile *file, const char *name, const void *bytes, size_t size, Error *err) {
  Reader reader = {.err = err, .name = name, .bytes = bytes, .size = size};
  return read_file(&reader, file);
}

Status edge_file_read(EdgeFile *file, const char *name, const MappedFile *mapped, Error *err) {
  Reader reader = {.err = err, .name = name, .bytes = mapped->bytes, .size = mapped->size, .is_mapped = true};
  return read_file(&reader, file);
}

Status edge_file_open(EdgeFile *file, const char *path, Error *err) {
  MappedFile mapped = {0};
  *file = (EdgeFile){0};
  TRY(file_map(path, &mapped, err));
  Status status = edge_file_read(file, path, &mapped, err);
  file_unmap(&mapped);
  return status;
}

void edge_file_close(EdgeFile *file) {
  arena_free(&file->memory);
  *file = (EdgeFile){0};
}

const char *edge_file_metadata(const EdgeFile *file) {
  const EdgeHeader *header = file->image;
  const EdgeSection *table = (const EdgeSection *)((const uint8_t *)file->image + sizeof *header);
  if (header == NULL) return "";
  for (uint32_t i = 0; i < header->section_count; i++)
    if (table[i].type == EDGE_SECTION_META && table[i].raw_bytes > 0) {
      const char *text = (const char *)file->image + table[i].offset;
      return text[table[i].raw_bytes - 1] == 0 ? text : "";
    }
  return "";
}
