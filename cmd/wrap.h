/* wrap.h - prose for a terminal. */
#ifndef CMD_WRAP_H
#define CMD_WRAP_H

#include "base/base.h"

#define WRAP_WIDTH 80 /* where there is no terminal */

/* Columns of the terminal on stdout, kept to what reads well; WRAP_WIDTH without one. */
int wrap_width(void);

/* Adds `prose` broken into lines of at most `width` columns, each but the first begun by `indent` spaces;
   `column` is where the first one starts. Line breaks in it stay, and lines that begin with a blank are kept
   as they are. Ends with a newline. */
void wrap_text(Text *text, const char *prose, int column, int indent, int width);

/* Columns that a UTF-8 text takes: one a character. */
int wrap_columns(const char *text, size_t bytes);

#endif
