#include "base/error.h"

#include <stdio.h>
#include <string.h>

Status fail(Error *err, Status status, const char *format, ...) {
  if (err == NULL) return status;
  va_list args;
  va_start(args, format);
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  err->status = status;
  return status;
}

Status fail_within(Error *err, const char *format, ...) {
  if (err == NULL) return SYSTEM;
  char before[sizeof err->text];
  memcpy(before, err->text, sizeof before);
  va_list args;
  va_start(args, format);
  int length = vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  if (length >= 0 && (size_t)length + 3 < sizeof err->text)
    snprintf(err->text + length, sizeof err->text - (size_t)length, ": %.*s", (int)sizeof before - length - 3,
             before);
  return err->status;
}

Status fail_memory(Error *err) {
  return fail(err, SYSTEM, "out of memory");
}
