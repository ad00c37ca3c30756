/* node_choices.h - which nodes are quantized and how finely, from --exclude, --include and --bits-for. */
#ifndef CMD_NODE_CHOICES_H
#define CMD_NODE_CHOICES_H

#include "cmd/options.h"
#include "quantize/choice.h"

/* --exclude, --include, --bits-for, --require-full */
extern const OptionRow node_choice_rows[];

/* Writes what the options say on the nodes. BAD_USAGE for a pattern without a match. */
Status node_choices_apply(const Options *options, Graph *graph, Error *err);

/* Adds a line "exclude=conv1 Softmax" for each of the options that was given. */
void node_choices_metadata(const Options *options, Text *text);

#endif
