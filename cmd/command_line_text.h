/* command_line_text.h - options as the line that a user would type to give them. */
#ifndef CMD_COMMAND_LINE_TEXT_H
#define CMD_COMMAND_LINE_TEXT_H

#include "cmd/options.h"

/* "edgec train model.onnx --data x.npz -- ..." with what was given, quoted for a shell where it has to be.
   `flag`: one that is added, NULL: none. */
void command_line_text(const Options *options, const char *flag, Text *text);

#endif
