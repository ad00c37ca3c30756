/*
 * summary_line.h - the lines of a summary: a label, what it is about, and prose that is wrapped into a column
 * of its own.
 *
 *     summary_line(&text, "verify", "1,000 samples", "top-1 %.2f%%", 85.1);
 *     summary_line(&text, "", "", "weakest layer: %s", "conv2d_6");      // goes on below
 */
#ifndef CMD_SUMMARY_LINE_H
#define CMD_SUMMARY_LINE_H

#include "base/base.h"

#define SUMMARY_COLUMN 27 /* where the prose begins */

void summary_line(Text *text, const char *label, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* For names that stand in one column below one another: the columns that the longest takes; one that is
   longer than SUMMARY_NAME_COLUMNS stands out of line. Start with 0. */
#define SUMMARY_NAME_COLUMNS 40
int summary_name_columns(int columns, const char *name);
/* The name, filled up with blanks; `buffer` of SUMMARY_NAME_ROOM bytes. */
#define SUMMARY_NAME_ROOM 256
const char *summary_name(char *buffer, const char *name, int columns);

/* The name of a file without its folders. */
const char *summary_file(const char *path);

/* Into `buffer` of SUMMARY_COUNT_ROOM bytes: "1,000 samples", "1 sample". */
#define SUMMARY_COUNT_ROOM (TEXT_NUMBER_ROOM + 16)
const char *summary_samples(char *buffer, int64_t count);
/* "1.1 MMAC", "12 MAC". */
const char *summary_macs(char *buffer, int64_t macs);
/* "4.1x smaller", "1.3x larger": `after` against `before`. */
const char *summary_ratio(char *buffer, int64_t before, int64_t after);

/* A row's reason for ROLE_FLOAT without the "float only: " that the place says already. */
const char *summary_reason(const char *reason);

#endif
