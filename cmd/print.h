/* print.h - how a command's result reaches stdout. */
#ifndef CMD_PRINT_H
#define CMD_PRINT_H

#include "base/base.h"

/* Prints and frees the text. Names come from files that may hold anything: control characters but line breaks
   are printed as \xNN, so that no file can talk to the terminal. */
Status print_text(Text *text, Error *err);

#endif
