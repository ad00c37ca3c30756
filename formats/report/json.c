#include "formats/report/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_begin(Json *json, Text *text) {
  *json = (Json){.text = text};
}

void json_end(Json *json) {
  assert(json->depth == 0);
  text_add(json->text, "\n");
}

/* ---- strings ---- */

/* Length of the well-formed UTF-8 character at `bytes`, 0 where there is none (RFC 3629). */
static int utf8_length(const unsigned char *bytes) {
  static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    int length;
  } rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
              {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
              {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
  if (bytes[0] < 0x80) return 1;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (bytes[0] < rows[i].first_low || bytes[0] > rows[i].first_high) continue;
    if (bytes[1] < rows[i].second_low || bytes[1] > rows[i].second_high) return 0;
    for (int j = 2; j < rows[i].length; j++)
      if (bytes[j] < 0x80 || bytes[j] > 0xbf) return 0; /* also at the end: a zero */
    return rows[i].length;
  }
  return 0;
}

static void add_character(Text *text, const unsigned char *bytes, int length) {
  if (length == 0)
    text_add(text, "\\ufffd");
  else if (*bytes == '"' || *bytes == '\\')
    text_add(text, "\\%c", *bytes);
  else if (*bytes == '\n')
    text_add(text, "\\n");
  else if (*bytes == '\t')
    text_add(text, "\\t");
  else if (*bytes < 0x20)
    text_add(text, "\\u%04x", *bytes);
  else
    text_add_bytes(text, bytes, (size_t)length);
}

static void add_quoted(Text *text, const char *value) {
  const unsigned char *next = (const unsigned char *)value;
  text_add(text, "\"");
  while (*next != '\0') {
    int length = utf8_length(next);
    add_character(text, next, length);
    next += length == 0 ? 1 : length;
  }
  text_add(text, "\"");
}

/* ---- numbers ---- */

static void add_double(Text *text, double value) {
  char digits[40];
  if (!isfinite(value)) {
    text_add(text, "null");
    return;
  }
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, NULL) == value) break;
  }
  /* 100 rather than 1e+02 */
  if (value == nearbyint(value) && fabs(value) < 1e15) snprintf(digits, sizeof digits, "%.0f", value);
  text_add(text, "%s", digits);
}

static void add_float(Text *text, float value) {
  char digits[40];
  if (!isfinite(value)) {
    text_add(text, "null");
    return;
  }
  for (int precision = 1; precision <= 9; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
    if (strtof(digits, NULL) == value) break;
  }
  text_add(text, "%s", digits);
}

/* ---- structure ---- */

static void new_line(Json *json) {
  text_add(json->text, "\n%*s", 2 * json->depth, "");
}

/* Comma, line and key before a value. */
static void before_value(Json *json, const char *key) {
  if (json->depth > 0) {
    bool *filled = &json->filled[json->depth - 1];
    if (*filled) text_add(json->text, ",");
    *filled = true;
    new_line(json);
  }
  if (key == NULL) return;
  add_quoted(json->text, key);
  text_add(json->text, ": ");
}

static void begin(Json *json, const char *key, const char *bracket) {
  assert(json->depth < JSON_MAX_DEPTH);
  before_value(json, key);
  text_add(json->text, "%s", bracket);
  json->filled[json->depth++] = false;
}

static void end(Json *json, const char *bracket) {
  assert(json->depth > 0);
  bool filled = json->filled[--json->depth];
  if (filled) new_line(json);
  text_add(json->text, "%s", bracket);
}

void json_object_begin(Json *json, const char *key) {
  begin(json, key, "{");
}

void json_object_end(Json *json) {
  end(json, "}");
}

void json_array_begin(Json *json, const char *key) {
  begin(json, key, "[");
}

void json_array_end(Json *json) {
  end(json, "]");
}

void json_string(Json *json, const char *key, const char *value) {
  before_value(json, key);
  if (value == NULL)
    text_add(json->text, "null");
  else
    add_quoted(json->text, value);
}

void json_int(Json *json, const char *key, int64_t value) {
  before_value(json, key);
  text_add(json->text, "%lld", (long long)value);
}

void json_double(Json *json, const char *key, double value) {
  before_value(json, key);
  add_double(json->text, value);
}

void json_float(Json *json, const char *key, float value) {
  before_value(json, key);
  add_float(json->text, value);
}

void json_bool(Json *json, const char *key, bool value) {
  before_value(json, key);
  text_add(json->text, value ? "true" : "false");
}

void json_null(Json *json, const char *key) {
  before_value(json, key);
  text_add(json->text, "null");
}

void json_numbers(Json *json, const char *key, const double *values, int count) {
  before_value(json, key);
  text_add(json->text, "[");
  for (int i = 0; i < count; i++) {
    if (i > 0) text_add(json->text, ", ");
    add_double(json->text, values[i]);
  }
  text_add(json->text, "]");
}

void json_ints(Json *json, const char *key, const int64_t *values, int count) {
  before_value(json, key);
  text_add(json->text, "[");
  for (int i = 0; i < count; i++) text_add(json->text, i > 0 ? ", %lld" : "%lld", (long long)values[i]);
  text_add(json->text, "]");
}
