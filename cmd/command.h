/*
 * command.h - a command of edgec is a row. tools/command_table.awk finds them in this folder:
 *
 *     const Command command_info = {
 *         .name = "info",
 *         .brief = "shows what a model is made of",
 *         .usage = "[OPTIONS] MODEL...",
 *         .arguments = {{"MODEL", "an .onnx or .edge file"}},
 *         .min_arguments = 1, .max_arguments = ARGUMENTS_ANY,
 *         .options = {info_rows, common_screen_rows},
 *         .run = info_run,
 *     };
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/options.h"

#define COMMAND_MAX_LISTS 14
#define ARGUMENTS_ANY 1000000

typedef struct Argument {
  const char *name, *help;
} Argument;

typedef struct Command {
  const char *name;
  const char *alias; /* another name that people bring along, or NULL */
  const char *brief; /* what it does, to follow the name: "shows ..." */
  const char *usage; /* what follows the name */
  const char *help;  /* paragraphs that teach, for `edgec help NAME` */
  Argument arguments[4];
  int min_arguments, max_arguments;
  const OptionRow *options[COMMAND_MAX_LISTS]; /* lists of rows; --help is added */
  const char *examples[6];                     /* "command line" or "command line  # what it does" */
  int place;                                   /* in the overview: lower comes first, then the name */
  Status (*run)(const Options *options, Error *err);
} Command;

/* All commands, sorted by place and name; ends with NULL. */
extern const Command *const command_table[];

/* The command of a name or alias; NULL where there is none. */
const Command *command_find(const char *name);
/* BAD_USAGE for a name that is none, with the nearest one. */
Status command_fail_unknown(const char *name, Error *err);

/* Runs the command that argv[1] names with what follows: options parsed, arguments counted, --help answered.
 */
Status command_dispatch(int argc, const char *const *argv, Error *err);

/* Help, wrapped to `width` columns: of a command, of all. */
void command_help(const Command *command, int width, Text *text);
void command_overview(int width, Text *text);

#endif
