#include "base/memory.h"

#include "base/spill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define LARGE_BYTES ((size_t)4 << 10) /* from here on an object gets a block and an alignment of its own */

typedef struct ArenaBlock {
  struct ArenaBlock *next;
  size_t used, bytes; /* of `data`, which begins MEMORY_ALIGNMENT behind the block */
  bool is_spilled;    /* and zeroed */
} ArenaBlock;

static unsigned char *block_data(ArenaBlock *block) {
  return (unsigned char *)block + MEMORY_ALIGNMENT;
}

bool size_multiply(size_t a, size_t b, size_t *product) {
  return !__builtin_mul_overflow(a, b, product);
}

bool size_add(size_t a, size_t b, size_t *sum) {
  return !__builtin_add_overflow(a, b, sum);
}

void *bytes_new(size_t bytes, Error *err) {
  size_t rounded;
  if (!size_add(bytes == 0 ? 1 : bytes, MEMORY_ALIGNMENT - 1, &rounded)) return fail_memory(err), NULL;
  void *block = aligned_alloc(MEMORY_ALIGNMENT, rounded / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT);
  if (block == NULL) fail_memory(err);
  return block;
}

void bytes_free(void *bytes) {
  free(bytes);
}

static ArenaBlock *block_new(size_t bytes, Error *err) {
  size_t total;
  if (!size_add(bytes, MEMORY_ALIGNMENT, &total)) return fail_memory(err), NULL;
  ArenaBlock *block = bytes_new(total, err);
  if (block == NULL) return NULL;
  *block = (ArenaBlock){.bytes = bytes};
  return block;
}

static void block_free(ArenaBlock *block) {
  if (block->is_spilled)
    spill_free(block, block->bytes + MEMORY_ALIGNMENT);
  else
    bytes_free(block);
}

/* A block for one object, a copy of `content` (NULL: zeroed), in memory that may leave RAM; NULL where the
   arena has none or it cannot be had. */
static ArenaBlock *spilled_new(const Arena *arena, size_t bytes, const void *content) {
  size_t total;
  if (arena->spill_from == 0 || bytes < arena->spill_from || !size_add(bytes, MEMORY_ALIGNMENT, &total))
    return NULL;
  ArenaBlock *block = content == NULL ? spill_new(total) : spill_copy(MEMORY_ALIGNMENT, content, bytes);
  if (block != NULL) *block = (ArenaBlock){.bytes = bytes, .is_spilled = true};
  return block;
}

static ArenaBlock *heap_new(size_t bytes, const void *content, Error *err) {
  ArenaBlock *block = block_new(bytes, err);
  if (block == NULL) return NULL;
  if (content == NULL)
    memset(block_data(block), 0, bytes);
  else
    memcpy(block_data(block), content, bytes);
  return block;
}

/* A large object's block goes behind the newest one, so that the rest of that one stays in use. */
static void *large_new(Arena *arena, size_t bytes, const void *content, Error *err) {
  ArenaBlock *block = spilled_new(arena, bytes, content);
  if (block == NULL) block = heap_new(bytes, content, err);
  if (block == NULL) return NULL;
  block->used = bytes;
  if (arena->blocks == NULL) {
    arena->blocks = block;
  } else {
    block->next = arena->blocks->next;
    arena->blocks->next = block;
  }
  return block_data(block);
}

static void *small_new(Arena *arena, size_t bytes, Error *err) {
  size_t rounded = (bytes + 15) / 16 * 16;
  if (arena->blocks == NULL || arena->blocks->bytes - arena->blocks->used < rounded) {
    ArenaBlock *block = block_new(BLOCK_BYTES, err);
    if (block == NULL) return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
  }
  void *object = block_data(arena->blocks) + arena->blocks->used;
  arena->blocks->used += rounded;
  memset(object, 0, bytes);
  return object;
}

void *arena_new(Arena *arena, size_t count, size_t size, Error *err) {
  size_t bytes;
  if (!size_multiply(count, size, &bytes)) return fail_memory(err), NULL;
  if (bytes == 0) bytes = 1;
  return bytes >= LARGE_BYTES ? large_new(arena, bytes, NULL, err) : small_new(arena, bytes, err);
}

void *arena_copy(Arena *arena, const void *content, size_t bytes, Error *err) {
  if (bytes >= LARGE_BYTES) return large_new(arena, bytes, content, err);
  void *copy = small_new(arena, bytes == 0 ? 1 : bytes, err);
  if (copy != NULL && bytes > 0) memcpy(copy, content, bytes);
  return copy;
}

char *arena_text_of(Arena *arena, const char *bytes, size_t length, Error *err) {
  size_t room;
  if (!size_add(length, 1, &room)) return fail_memory(err), NULL;
  char *copy = arena_new(arena, room, 1, err);
  if (copy != NULL && length > 0) memcpy(copy, bytes, length);
  return copy;
}

char *arena_text(Arena *arena, const char *text, Error *err) {
  return arena_text_of(arena, text, strlen(text), err);
}

char *arena_format(Arena *arena, Error *err, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : arena_new(arena, (size_t)length + 1, 1, err);
  if (text != NULL) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

/* The header of a block is on its first page, which so comes back at once. */
void arena_release(const Arena *arena) {
  if (arena->spill_from == 0) return;
  for (ArenaBlock *block = arena->blocks; block != NULL; block = block->next)
    if (block->is_spilled) spill_release(block, block->bytes + MEMORY_ALIGNMENT);
}

void arena_free(Arena *arena) {
  while (arena->blocks != NULL) {
    ArenaBlock *next = arena->blocks->next;
    block_free(arena->blocks);
    arena->blocks = next;
  }
}

Status array_grow(void *array, size_t count, size_t *capacity, size_t size, Error *err) {
  if (count < *capacity) return OK;
  size_t wanted = *capacity < 8 ? 8 : *capacity + *capacity / 2, bytes;
  if (wanted <= count || !size_multiply(wanted, size, &bytes)) return fail_memory(err);
  void *old, *grown;
  memcpy(&old, array, sizeof old);
  grown = realloc(old, bytes);
  if (grown == NULL) return fail_memory(err);
  memcpy(array, &grown, sizeof grown);
  *capacity = wanted;
  return OK;
}
