/* npz.c - the central directory of a zip archive (PKWARE's APPNOTE, sections 4.3 to 4.5). */
#include "formats/data/npz.h"

#include <string.h>

#define END_BYTES 22     /* end of central directory record */
#define LOCATOR_BYTES 20 /* zip64 locator, right before it */
#define END64_BYTES 56
#define ENTRY_BYTES 46
#define LOCAL_BYTES 30
#define COMMENT_MAX 65535

typedef struct Directory {
  uint64_t offset, bytes, entries;
} Directory;

static unsigned get16(const uint8_t *bytes) {
  return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t get32(const uint8_t *bytes) {
  return (uint32_t)get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static uint64_t get64(const uint8_t *bytes) {
  return (uint64_t)get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

bool npz_is_magic(const uint8_t magic[4]) {
  return memcmp(magic, "PK\3\4", 4) == 0 || memcmp(magic, "PK\5\6", 4) == 0;
}

static Status fail_zip(const DataFile *file, const char *what, Error *err) {
  return fail(err, BAD_INPUT, "%s: the .npz archive is damaged or cut off: %s", file->name, what);
}

/* The end record is the last thing of the file, but for a comment of up to 64 KiB. */
static Status find_end(const DataFile *file, uint64_t *offset, Error *err) {
  size_t count = file->size < END_BYTES + COMMENT_MAX ? (size_t)file->size : END_BYTES + COMMENT_MAX;
  if (count < END_BYTES) return fail_zip(file, "it has no directory", err);
  uint8_t *tail = bytes_new(count, err);
  if (tail == NULL) return SYSTEM;
  Status status = data_file_read_at(file, file->size - count, tail, count, err);
  bool found = false;
  for (size_t i = count - END_BYTES + 1; status == OK && !found && i-- > 0;) {
    found = memcmp(tail + i, "PK\5\6", 4) == 0 && get16(tail + i + 20) == count - i - END_BYTES;
    *offset = file->size - count + i;
  }
  bytes_free(tail);
  if (status != OK) return status;
  return found ? OK : fail_zip(file, "it has no directory", err);
}

/* Where sizes do not fit the end record a larger one is before it. */
static Status read_end64(const DataFile *file, uint64_t end, Directory *directory, Error *err) {
  uint8_t locator[LOCATOR_BYTES], record[END64_BYTES];
  if (end < LOCATOR_BYTES) return OK;
  TRY(data_file_read_at(file, end - LOCATOR_BYTES, locator, sizeof locator, err));
  if (memcmp(locator, "PK\6\7", 4) != 0) return OK;
  TRY(data_file_read_at(file, get64(locator + 8), record, sizeof record, err));
  if (memcmp(record, "PK\6\6", 4) != 0)
    return fail_zip(file, "the zip64 directory is not where it should be", err);
  *directory =
      (Directory){.offset = get64(record + 48), .bytes = get64(record + 40), .entries = get64(record + 32)};
  return OK;
}

static Status find_directory(const DataFile *file, Directory *directory, Error *err) {
  uint64_t end = 0;
  uint8_t record[END_BYTES];
  TRY(find_end(file, &end, err));
  TRY(data_file_read_at(file, end, record, sizeof record, err));
  *directory =
      (Directory){.offset = get32(record + 16), .bytes = get32(record + 12), .entries = get16(record + 10)};
  if (directory->offset == UINT32_MAX || directory->bytes == UINT32_MAX || directory->entries == UINT16_MAX)
    TRY(read_end64(file, end, directory, err));
  if (directory->offset > end || directory->bytes > end - directory->offset)
    return fail_zip(file, "the directory lies outside of the file", err);
  if (directory->bytes > NPZ_MAX_DIRECTORY || directory->entries > NPZ_MAX_ENTRIES)
    return fail(err, BAD_INPUT,
                "%s: the .npz has %llu members in %llu bytes of directory; at most %d and %llu are read",
                file->name, (unsigned long long)directory->entries, (unsigned long long)directory->bytes,
                NPZ_MAX_ENTRIES, (unsigned long long)NPZ_MAX_DIRECTORY);
  if (directory->entries > directory->bytes / ENTRY_BYTES)
    return fail_zip(file, "the directory is too small for its members", err);
  return OK;
}

/* Sizes of 0xffffffff are in an extra field of kind 1: in this order, those that are needed. */
static Status read_extra64(const DataFile *file, const uint8_t *extra, size_t length, NpzEntry *entry,
                           Error *err) {
  uint64_t *const wanted[] = {&entry->size, &entry->coded_size, &entry->header};
  while (length >= 4) {
    unsigned kind = get16(extra), bytes = get16(extra + 2);
    extra += 4;
    length -= 4;
    if (bytes > length) return fail_zip(file, "an extra field is too long", err);
    for (unsigned i = 0, at = 0; kind == 1 && i < 3; i++) {
      if (*wanted[i] != UINT32_MAX) continue;
      if (at + 8 > bytes) return fail_zip(file, "a zip64 field is too short", err);
      *wanted[i] = get64(extra + at);
      at += 8;
    }
    extra += bytes;
    length -= bytes;
  }
  return OK;
}

static Status take_name(NpzEntry *entry, const uint8_t *bytes, size_t length, Arena *arena, Error *err) {
  entry->is_array = length > 4 && memcmp(bytes + length - 4, ".npy", 4) == 0;
  entry->name = arena_text_of(arena, (const char *)bytes, entry->is_array ? length - 4 : length, err);
  if (entry->name == NULL) return SYSTEM;
  for (size_t i = 0; i + (entry->is_array ? 4 : 0) < length; i++)
    if ((uint8_t)entry->name[i] < ' ' || entry->name[i] == 0x7f) entry->name[i] = '?';
  return OK;
}

/* Reads one entry at `*next` and moves on. */
static Status read_entry(const DataFile *file, const uint8_t **next, const uint8_t *end, NpzEntry *entry,
                         Arena *arena, Error *err) {
  const uint8_t *bytes = *next;
  size_t left = (size_t)(end - bytes);
  if (left < ENTRY_BYTES || memcmp(bytes, "PK\1\2", 4) != 0)
    return fail_zip(file, "a directory entry is broken", err);
  size_t name = get16(bytes + 28), extra = get16(bytes + 30), comment = get16(bytes + 32);
  if (name + extra + comment > left - ENTRY_BYTES)
    return fail_zip(file, "a directory entry is too long", err);
  *entry = (NpzEntry){.flags = get16(bytes + 8),
                      .method = get16(bytes + 10),
                      .crc = get32(bytes + 16),
                      .coded_size = get32(bytes + 20),
                      .size = get32(bytes + 24),
                      .header = get32(bytes + 42)};
  TRY(take_name(entry, bytes + ENTRY_BYTES, name, arena, err));
  TRY(read_extra64(file, bytes + ENTRY_BYTES + name, extra, entry, err));
  *next = bytes + ENTRY_BYTES + name + extra + comment;
  return OK;
}

Status npz_read_directory(const DataFile *file, Arena *arena, NpzEntry **entries, int *count, Error *err) {
  Directory directory;
  TRY(find_directory(file, &directory, err));
  *count = (int)directory.entries;
  *entries = arena_new(arena, (size_t)*count, sizeof **entries, err);
  uint8_t *bytes = arena_new(arena, (size_t)directory.bytes, 1, err);
  if (*entries == NULL || bytes == NULL) return SYSTEM;
  TRY(data_file_read_at(file, directory.offset, bytes, (size_t)directory.bytes, err));
  const uint8_t *next = bytes, *end = bytes + directory.bytes;
  for (int i = 0; i < *count; i++) TRY(read_entry(file, &next, end, &(*entries)[i], arena, err));
  return OK;
}

Status npz_locate(const DataFile *file, const NpzEntry *entry, const char *name, StreamPart *part,
                  Error *err) {
  if ((entry->flags & 1u) != 0) return fail(err, BAD_INPUT, "%s: is encrypted", name);
  if (entry->method != 0 && entry->method != 8)
    return fail(err, BAD_INPUT, "%s: is compressed by zip method %u; edgec reads stored and deflated members",
                name, entry->method);
  uint8_t local[LOCAL_BYTES];
  TRY(data_file_read_at(file, entry->header, local, sizeof local, err));
  if (memcmp(local, "PK\3\4", 4) != 0)
    return fail(err, BAD_INPUT, "%s: is not where the archive's directory says", name);
  *part = (StreamPart){.name = name,
                       .offset = entry->header + LOCAL_BYTES + get16(local + 26) + get16(local + 28),
                       .coded_size = entry->coded_size,
                       .coding = entry->method == 0 ? STREAM_STORED : STREAM_DEFLATED,
                       .size_known = true,
                       .size = entry->size,
                       .has_crc = true,
                       .crc = entry->crc};
  return OK;
}
