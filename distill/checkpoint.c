#include "distill/checkpoint.h"

#include "base/spill.h"

#include <string.h>
#include <zlib.h>

#define ALIGNMENT 8
#define NAME_MAX_BYTES 4096
#define FIRST_ROOM ((size_t)1 << 16)

static const char magic[8] = {'E', 'D', 'G', 'E', 'C', 'K', 'P', 'T'};

enum { STATE_GOOD, STATE_DIVERGED };
enum { KIND_FACT, KIND_PART };

typedef struct Header {
  char magic[8];
  uint32_t version, crc; /* crc: of all bytes behind it */
  uint64_t size;         /* of the file */
  uint32_t state, entries;
} Header;

typedef struct EntryHead {
  uint32_t kind, name_bytes;
  uint64_t bytes;
} EntryHead;

/* One entry, found in the bytes. */
typedef struct Entry {
  EntryHead head;
  const uint8_t *name, *content;
  size_t end; /* offset of what follows */
} Entry;

static const Header *header_of(const Checkpoint *checkpoint) {
  return (const Header *)(const void *)checkpoint->bytes;
}

static Header *own_header(Checkpoint *made) {
  return (Header *)(void *)made->bytes;
}

static uint32_t crc_of(const uint8_t *bytes, size_t size) {
  size_t from = offsetof(Header, size);
  return (uint32_t)crc32_z(0, bytes + from, size - from);
}

/* ---- making ---- */

static Status grow(Checkpoint *made, size_t wanted, Error *err) {
  if (wanted <= made->room) return OK;
  size_t room = made->room > 0 ? made->room : FIRST_ROOM;
  while (room < wanted)
    if (!size_multiply(room, 2, &room)) return fail_memory(err);
  uint8_t *larger = spill_new(room);
  if (larger == NULL)
    return fail(err, SYSTEM, "cannot make a temporary file of %lld MB for a checkpoint",
                (long long)(room >> 20));
  if (made->bytes != NULL) {
    memcpy(larger, made->bytes, made->size);
    spill_free(made->bytes, made->room);
  }
  made->bytes = larger;
  made->room = room;
  return OK;
}

static bool padded(size_t size, size_t *result) {
  if (!size_add(size, ALIGNMENT - 1, result)) return false;
  *result -= *result % ALIGNMENT;
  return true;
}

/* Where an entry's content begins and the entry ends, from its offset on; false on overflow. */
static bool entry_places(size_t from, size_t name_bytes, size_t bytes, size_t *content, size_t *end) {
  return size_add(from, sizeof(EntryHead), content) && size_add(*content, name_bytes, content) &&
         padded(*content, content) && size_add(*content, bytes, end) && padded(*end, end);
}

static Status add_entry(Checkpoint *made, uint32_t kind, const char *name, size_t size, void **content,
                        Error *err) {
  size_t from = made->size, at, end, length = strlen(name);
  if (!entry_places(from, length, size, &at, &end)) return fail_memory(err);
  TRY(grow(made, end, err));
  memset(made->bytes + from, 0, at - from);
  memset(made->bytes + end - ALIGNMENT, 0, ALIGNMENT);
  EntryHead head = {.kind = kind, .name_bytes = (uint32_t)length, .bytes = size};
  memcpy(made->bytes + from, &head, sizeof head);
  memcpy(made->bytes + from + sizeof head, name, length);
  made->size = end;
  own_header(made)->entries++;
  *content = made->bytes + at;
  return OK;
}

Status checkpoint_begin(Checkpoint *made, const CheckpointFact *facts, int count, Error *err) {
  TRY(grow(made, sizeof(Header), err));
  Header header = {.version = CHECKPOINT_VERSION, .state = STATE_GOOD};
  memcpy(header.magic, magic, sizeof magic);
  memcpy(made->bytes, &header, sizeof header);
  made->size = sizeof header;
  for (int i = 0; i < count; i++) {
    void *content;
    size_t length = strlen(facts[i].value);
    TRY(add_entry(made, KIND_FACT, facts[i].name, length, &content, err));
    memcpy(content, facts[i].value, length);
  }
  return OK;
}

Status checkpoint_add(Checkpoint *made, const char *name, size_t size, void **content, Error *err) {
  return add_entry(made, KIND_PART, name, size, content, err);
}

void checkpoint_mark_diverged(Checkpoint *made) {
  own_header(made)->state = STATE_DIVERGED;
}

Status checkpoint_write(Checkpoint *made, const char *path, Error *err) {
  own_header(made)->size = made->size;
  own_header(made)->crc = crc_of(made->bytes, made->size);
  return file_write(path, made->bytes, made->size, err);
}

void checkpoint_free(Checkpoint *made) {
  if (made->room > 0) spill_free(made->bytes, made->room);
  *made = (Checkpoint){0};
}

/* ---- reading ---- */

bool checkpoint_is(const void *bytes, size_t size) {
  return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* The entry at an offset; false where it does not lie inside. */
static bool entry_at(const Checkpoint *read, size_t from, Entry *entry) {
  size_t content;
  if (read->size - from < sizeof entry->head) return false;
  memcpy(&entry->head, read->bytes + from, sizeof entry->head);
  if (entry->head.kind > KIND_PART || entry->head.name_bytes > NAME_MAX_BYTES) return false;
  if (!entry_places(from, entry->head.name_bytes, entry->head.bytes, &content, &entry->end)) return false;
  if (entry->end > read->size) return false;
  entry->name = read->bytes + from + sizeof entry->head;
  entry->content = read->bytes + content;
  return true;
}

static Status damaged(const char *name, const char *how, Error *err) {
  return fail(err, BAD_INPUT, "%s: the checkpoint is damaged: %s", name, how);
}

static Status check_entries(const Checkpoint *read, const char *name, Error *err) {
  uint32_t count = header_of(read)->entries;
  if (count > CHECKPOINT_ENTRIES_MAX) return damaged(name, "it has too many entries", err);
  size_t from = sizeof(Header);
  Entry entry;
  for (uint32_t i = 0; i < count; i++, from = entry.end)
    if (!entry_at(read, from, &entry)) return damaged(name, "an entry lies outside", err);
  return from == read->size ? OK : damaged(name, "something follows the last entry", err);
}

Status checkpoint_parse(Checkpoint *read, const char *name, const void *bytes, size_t size, Error *err) {
  *read = (Checkpoint){.bytes = (uint8_t *)(uintptr_t)bytes, .size = size};
  if (!checkpoint_is(bytes, size)) return fail(err, BAD_INPUT, "%s: is no checkpoint of a training", name);
  if (size < sizeof(Header)) return damaged(name, "it is cut off", err);
  const Header *header = header_of(read);
  if (header->version != CHECKPOINT_VERSION)
    return fail(err, BAD_INPUT, "%s: is a checkpoint of version %u, and this edgec reads version %d", name,
                header->version, CHECKPOINT_VERSION);
  if (header->size != size) return damaged(name, "its size is not what it says", err);
  if (header->crc != crc_of(read->bytes, size)) return damaged(name, "the checksum is wrong", err);
  if (header->state > STATE_DIVERGED) return damaged(name, "its state is none that there is", err);
  return check_entries(read, name, err);
}

static bool find(const Checkpoint *read, uint32_t kind, const char *name, Entry *entry) {
  size_t length = strlen(name), from = sizeof(Header);
  for (uint32_t i = 0; i < header_of(read)->entries && entry_at(read, from, entry); i++, from = entry->end)
    if (entry->head.kind == kind && entry->head.name_bytes == length &&
        memcmp(entry->name, name, length) == 0)
      return true;
  return false;
}

static bool fact_agrees(const Checkpoint *read, const CheckpointFact *fact, Entry *entry) {
  size_t length = strlen(fact->value);
  return find(read, KIND_FACT, fact->name, entry) && entry->head.bytes == length &&
         memcmp(entry->content, fact->value, length) == 0;
}

static Status differs(const Checkpoint *read, const char *name, const CheckpointFact *fact, Error *err) {
  Entry entry;
  bool is_there = find(read, KIND_FACT, fact->name, &entry) && entry.head.bytes > 0;
  int length = is_there ? (int)(entry.head.bytes < 200 ? entry.head.bytes : 200) : 0;
  return fail(err, BAD_INPUT, "%s: is of another training: %s was %.*s, and now is %s", name, fact->name,
              is_there ? length : 4, is_there ? (const char *)entry.content : "none",
              fact->value[0] != '\0' ? fact->value : "none");
}

Status checkpoint_compare(const Checkpoint *read, const char *name, const CheckpointFact *facts, int count,
                          Error *err) {
  bool diverged = header_of(read)->state == STATE_DIVERGED, tamed = false;
  for (int i = 0; i < count; i++) {
    Entry entry;
    if (fact_agrees(read, &facts[i], &entry)) continue;
    if (!diverged || !facts[i].tames_divergence) return differs(read, name, &facts[i], err);
    tamed = true;
  }
  if (diverged && !tamed)
    return fail(err, BAD_INPUT,
                "%s: the training diverged from here: it goes on with a smaller --rate or with --clip-norm 1",
                name);
  return OK;
}

Status checkpoint_part(const Checkpoint *read, const char *name, const char *part, size_t size,
                       const void **content, Error *err) {
  Entry entry;
  if (!find(read, KIND_PART, part, &entry))
    return fail(err, BAD_INPUT, "%s: the checkpoint has no part '%s'", name, part);
  if (entry.head.bytes != size)
    return fail(err, BAD_INPUT, "%s: part '%s' has %lld bytes, and %lld are expected", name, part,
                (long long)entry.head.bytes, (long long)size);
  *content = entry.content;
  return OK;
}
