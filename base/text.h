/* text.h - growing text, numbers as people write them, and the nearest of several names. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows. A failed allocation is remembered: text_status() tells at the end. Zeroed is empty. */
typedef struct Text {
  char *bytes; /* zero-terminated, or NULL while empty */
  size_t length, capacity;
  bool failed;
} Text;

void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(Text *text, const void *bytes, size_t count);
Status text_status(const Text *text, Error *err);
void text_free(Text *text);

/* "1,234,567" and "86.1 KB" (1 KB = 1,000 bytes), "12.5 M" (for counts), "0.12 s" / "3.4 ms"; written to
   `buffer` of at least TEXT_NUMBER_ROOM, which is returned. */
#define TEXT_NUMBER_ROOM 32
const char *text_count(char *buffer, int64_t count);
const char *text_bytes(char *buffer, double bytes);
const char *text_magnitude(char *buffer, double count);
const char *text_seconds(char *buffer, double seconds);

/* Reads all of `text` as a number; false where it is none. The size forms take a suffix K, M, G (powers of
   1,000) or KiB, MiB, GiB, an optional B behind the former. */
bool text_to_int(const char *text, int64_t *value);
bool text_to_double(const char *text, double *value); /* finite only; "50%" gives 50 with percent set */
bool text_to_size(const char *text, int64_t *bytes);

/* Index of the name nearest to `word` by edit distance where it is near enough to be meant; else -1. */
int text_nearest(const char *word, const char *const *names, int count);

/* Shell-like match of a whole name: '*' any run, '?' any one character. */
bool text_matches(const char *pattern, const char *name);

bool text_ends_with(const char *text, const char *end);

#endif
