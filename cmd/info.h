/* info.h - what `edgec info` finds out and says of either kind of model. */
#ifndef CMD_INFO_H
#define CMD_INFO_H

#include "cmd/options.h"

/* Each opens the file, looks, and adds the result as text, or as JSON where --json is given. */
Status info_onnx(const Options *options, const char *path, Text *text, Error *err);
/* BAD_INPUT where the self-test fails; the text is complete then too. */
Status info_edge(const Options *options, const char *path, Text *text, Error *err);

#endif
