/* bars.h - horizontal bars of text: block characters in eighths where the terminal takes UTF-8, else '#'. */
#ifndef CMD_BARS_H
#define CMD_BARS_H

#include "base/base.h"

/* Does the locale of the environment (LC_ALL, LC_CTYPE, LANG) say UTF-8? */
bool bars_are_utf8(void);

/* Into `buffer` of BAR_ROOM bytes: `share` (0..1) of `columns` (at most BAR_MAX), no padding. Any share above
   0 shows something. */
#define BAR_MAX 60
#define BAR_ROOM (3 * BAR_MAX + 4)
const char *bar_text(char *buffer, double share, int columns, bool utf8);

#endif
