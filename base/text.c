#include "base/text.h"

#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAREST_MAX 64 /* longest word that is looked for */

static bool text_reserve(Text *text, size_t more) {
  size_t wanted;
  if (text->failed || !size_add(text->length, more, &wanted) || !size_add(wanted, 1, &wanted)) return false;
  if (wanted <= text->capacity) return true;
  size_t capacity = text->capacity * 2 > wanted ? text->capacity * 2 : wanted;
  char *grown = realloc(text->bytes, capacity);
  if (grown == NULL) return false;
  text->bytes = grown;
  text->capacity = capacity;
  return true;
}

void text_add_bytes(Text *text, const void *bytes, size_t count) {
  if (!text_reserve(text, count)) {
    text->failed = true;
    return;
  }
  if (count > 0) memcpy(text->bytes + text->length, bytes, count);
  text->length += count;
  text->bytes[text->length] = '\0';
}

void text_add(Text *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 || !text_reserve(text, (size_t)length)) {
    text->failed = true;
  } else {
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  }
  va_end(again);
}

Status text_status(const Text *text, Error *err) {
  return text->failed ? fail_memory(err) : OK;
}

void text_free(Text *text) {
  free(text->bytes);
  *text = (Text){0};
}

const char *text_count(char *buffer, int64_t count) {
  char digits[TEXT_NUMBER_ROOM];
  unsigned long long size = count < 0 ? 0 - (unsigned long long)count : (unsigned long long)count;
  int length = snprintf(digits, sizeof digits, "%llu", size), out = 0;
  if (count < 0) buffer[out++] = '-';
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) buffer[out++] = ',';
    buffer[out++] = digits[i];
  }
  buffer[out] = '\0';
  return buffer;
}

static const char *with_prefix(char *buffer, double value, const char *const units[4]) {
  int unit = 0;
  while (unit < 3 && fabs(value) >= 999.5) {
    value /= 1000.0;
    unit++;
  }
  int digits = unit == 0 ? 0 : fabs(value) < 99.95 ? 1 : 0;
  snprintf(buffer, TEXT_NUMBER_ROOM, "%.*f%s%s", digits, value, units[unit][0] != '\0' ? " " : "",
           units[unit]);
  return buffer;
}

const char *text_bytes(char *buffer, double bytes) {
  static const char *const units[4] = {"B", "KB", "MB", "GB"};
  return with_prefix(buffer, bytes, units);
}

const char *text_magnitude(char *buffer, double count) {
  static const char *const units[4] = {"", "K", "M", "G"};
  return with_prefix(buffer, count, units);
}

const char *text_seconds(char *buffer, double seconds) {
  if (seconds < 0.0095)
    snprintf(buffer, TEXT_NUMBER_ROOM, "%.1f ms", seconds * 1e3);
  else if (seconds < 9.95)
    snprintf(buffer, TEXT_NUMBER_ROOM, "%.2f s", seconds);
  else if (seconds < 120)
    snprintf(buffer, TEXT_NUMBER_ROOM, "%.0f s", seconds);
  else
    snprintf(buffer, TEXT_NUMBER_ROOM, "%.0f min", seconds / 60);
  return buffer;
}

bool text_to_int(const char *text, int64_t *value) {
  char *end;
  errno = 0;
  long long parsed = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || text[0] == ' ') return false;
  *value = parsed;
  return true;
}

bool text_to_double(const char *text, double *value) {
  char *end;
  double parsed = strtod(text, &end);
  if (end == text || text[0] == ' ' || !isfinite(parsed)) return false;
  if (strcmp(end, "%") != 0 && *end != '\0') return false;
  *value = parsed;
  return true;
}

static double size_factor(const char *suffix) {
  static const struct {
    const char *suffix;
    double factor;
  } rows[] = {{"", 1},    {"B", 1},    {"K", 1e3},    {"KB", 1e3},      {"M", 1e6},         {"MB", 1e6},
              {"G", 1e9}, {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (strcmp(suffix, rows[i].suffix) == 0) return rows[i].factor;
  return 0;
}

bool text_to_size(const char *text, int64_t *bytes) {
  char *end;
  double parsed = strtod(text, &end), factor = size_factor(end);
  if (end == text || text[0] == ' ' || !(parsed >= 0) || factor == 0 || parsed * factor > 9e18) return false;
  *bytes = (int64_t)(parsed * factor);
  return true;
}

static int smaller(int a, int b) {
  return a < b ? a : b;
}

/* Levenshtein's distance of two words of at most NEAREST_MAX characters. */
static int edit_distance(const char *a, const char *b) {
  int row[NEAREST_MAX + 1], columns = (int)strlen(b);
  for (int j = 0; j <= columns; j++) row[j] = j;
  for (int i = 0; a[i] != '\0'; i++) {
    int diagonal = row[0];
    row[0] = i + 1;
    for (int j = 0; j < columns; j++) {
      int substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = smaller(substituted, smaller(row[j], diagonal) + 1);
    }
  }
  return row[columns];
}

int text_nearest(const char *word, const char *const *names, int count) {
  int best = -1, least = (int)strlen(word) / 3 + 2; /* distances below this are taken for a slip */
  if (strlen(word) > NEAREST_MAX) return -1;
  for (int i = 0; i < count; i++) {
    if (names[i] == NULL || strlen(names[i]) > NEAREST_MAX) continue;
    int distance = edit_distance(word, names[i]);
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

bool text_matches(const char *pattern, const char *name) {
  const char *star = NULL, *retry = NULL;
  while (*name != '\0') {
    if (*pattern == '*') {
      star = pattern++;
      retry = name;
    } else if (*pattern == '?' || *pattern == *name) {
      pattern++;
      name++;
    } else if (star != NULL) {
      pattern = star + 1;
      name = ++retry;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

bool text_ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}
