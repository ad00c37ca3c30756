/* print.h - how results reach stdout, and messages stderr. */
#ifndef CMD_PRINT_H
#define CMD_PRINT_H

#include "base/base.h"

/* Prints and frees the text. Names come from files that may hold anything: control characters but line breaks
   are printed as \xNN, so that no file can talk to the terminal. */
Status print_text(Text *text, Error *err);

/* "edgec: " and the message on stderr, as one line whatever is in it. */
void print_message(const char *message);

#endif
