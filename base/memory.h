/*
 * memory.h - arenas, growing arrays, and sizes that are checked for overflow.
 *
 * An arena hands out zeroed memory that is freed all at once; objects in it are never freed singly. Blocks
 * of tensor data are allocated by bytes_new(), aligned for vector code.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_ALIGNMENT 64 /* of large blocks: a cache line, the widest vector */

typedef struct Arena {
  struct ArenaBlock *blocks; /* newest first */
  size_t spill_from;         /* objects of so many bytes may leave RAM (base/spill.h); 0: none */
} Arena;

/* `count` zeroed objects of `size` bytes, aligned to 16 (to 64 where they are 4 KiB or more together).
   NULL where memory ran out or the product overflows: then `err` says so. A count of 0 gives a pointer that
   is not NULL. */
void *arena_new(Arena *arena, size_t count, size_t size, Error *err);

/* A copy of `bytes` bytes, aligned alike; NULL as above. */
void *arena_copy(Arena *arena, const void *content, size_t bytes, Error *err);

/* A copy of `text`, or of its first `length` bytes; NULL as above. */
char *arena_text(Arena *arena, const char *text, Error *err);
char *arena_text_of(Arena *arena, const char *bytes, size_t length, Error *err);

/* printf into the arena; NULL as above. */
char *arena_format(Arena *arena, Error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes what may leave RAM from the process until it is touched again. */
void arena_release(const Arena *arena);

/* Frees everything; the arena is empty and usable afterwards. */
void arena_free(Arena *arena);

/* `bytes` bytes (at least 1 is taken), aligned to MEMORY_ALIGNMENT, not zeroed; free with bytes_free(). */
void *bytes_new(size_t bytes, Error *err);
void bytes_free(void *bytes);

/* *product = a * b, *sum = a + b; false on overflow. */
bool size_multiply(size_t a, size_t b, size_t *product);
bool size_add(size_t a, size_t b, size_t *sum);

/* Makes room for one more element behind `count`: `array` is the address of a malloc'ed pointer of elements
   of `size` bytes with room for *capacity. */
Status array_grow(void *array, size_t count, size_t *capacity, size_t size, Error *err);

#endif
