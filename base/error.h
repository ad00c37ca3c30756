/* error.h - how functions fail: a Status to return, and an Error that says what is wrong. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

/* The values are the program's exit codes (docs/design.md): append only. */
typedef enum Status {
  OK = 0,
  GATE_MISSED = 1, /* done, but a gate was missed */
  BAD_USAGE = 2,   /* unknown option, bad value, missing argument */
  BAD_INPUT = 3,   /* a file is damaged, inconsistent or does not fit the model */
  UNSUPPORTED = 4, /* an operator, type or opset that edgec does not have */
  SYSTEM = 5,      /* cannot read, write, allocate */
  INTERRUPTED = 130
} Status;

/* What went wrong, in one line that is fit to print: what, where (file, node, option), what to do. */
typedef struct Error {
  Status status;
  char text[2048];
} Error;

/* Fills `err` (may be NULL) with a printf-formatted line and returns `status`. */
Status fail(Error *err, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the line of an error; returns its status. For callers that know more of where. */
Status fail_within(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* SYSTEM with a line that says that memory ran out. */
Status fail_memory(Error *err);

/* Returns from the calling function with the status of `expression` unless it is OK. */
#define TRY(expression)                                                                                      \
  do {                                                                                                       \
    Status try_status_ = (expression);                                                                       \
    if (try_status_ != OK) return try_status_;                                                               \
  } while (0)

/* The same with a clean-up label. */
#define TRY_GOTO(status, expression, label)                                                                  \
  do {                                                                                                       \
    (status) = (expression);                                                                                 \
    if ((status) != OK) goto label;                                                                          \
  } while (0)

#endif
