#include "cmd/summary_line.h"

#include "cmd/wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_WIDTH 100 /* columns where there is no terminal */

static void add_prose(Text *text, int column, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  char *prose = length < 0 ? NULL : malloc((size_t)length + 1);
  if (prose == NULL) {
    text->failed = true;
  } else {
    vsnprintf(prose, (size_t)length + 1, format, again);
    wrap_text(text, prose, column, SUMMARY_COLUMN, isatty(STDOUT_FILENO) ? wrap_width() : FILE_WIDTH);
  }
  va_end(again);
  free(prose);
}

void summary_line(Text *text, const char *label, const char *what, const char *format, ...) {
  int columns = wrap_columns(what, strlen(what)), room = SUMMARY_COLUMN - 12;
  int padding = columns < room ? room - columns : 0;
  va_list args;
  text_add(text, "%-10s %s%*s ", label, what, padding, "");
  va_start(args, format);
  add_prose(text, 12 + columns + padding, format, args);
  va_end(args);
}

int summary_name_columns(int columns, const char *name) {
  int own = wrap_columns(name, strlen(name));
  return own > columns && own <= SUMMARY_NAME_COLUMNS ? own : columns;
}

const char *summary_name(char *buffer, const char *name, int columns) {
  int blanks = columns - wrap_columns(name, strlen(name));
  if (blanks <= 0 || strlen(name) + (size_t)blanks >= SUMMARY_NAME_ROOM) return name;
  snprintf(buffer, SUMMARY_NAME_ROOM, "%s%*s", name, blanks, "");
  return buffer;
}

const char *summary_file(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

const char *summary_samples(char *buffer, int64_t count) {
  char number[TEXT_NUMBER_ROOM];
  snprintf(buffer, SUMMARY_COUNT_ROOM, "%s sample%s", text_count(number, count), count == 1 ? "" : "s");
  return buffer;
}

const char *summary_macs(char *buffer, int64_t macs) {
  char number[TEXT_NUMBER_ROOM];
  text_magnitude(number, (double)macs);
  bool has_prefix = number[0] != '\0' && strchr(number, ' ') != NULL;
  snprintf(buffer, SUMMARY_COUNT_ROOM, "%s%sMAC", number, has_prefix ? "" : " ");
  return buffer;
}

const char *summary_ratio(char *buffer, int64_t before, int64_t after) {
  double smaller = after > 0 ? (double)before / (double)after : 1;
  if (before == after)
    snprintf(buffer, SUMMARY_COUNT_ROOM, "of the same size");
  else if (smaller >= 1)
    snprintf(buffer, SUMMARY_COUNT_ROOM, "%.1fx smaller", smaller);
  else
    snprintf(buffer, SUMMARY_COUNT_ROOM, "%.1fx larger", 1 / smaller);
  return buffer;
}

const char *summary_reason(const char *reason) {
  static const char start[] = "float only: ";
  if (reason == NULL) return "it has no integer form";
  return strncmp(reason, start, strlen(start)) == 0 ? reason + strlen(start) : reason;
}
