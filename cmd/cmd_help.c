/* cmd_help.c - edgec help */
#include "cmd/command.h"
#include "cmd/wrap.h"

#include <stdio.h>

static Status help_run(const Options *options, Error *err) {
  Text text = {0};
  if (options->argument_count == 0) {
    command_overview(wrap_width(), &text);
  } else {
    const Command *command = command_find(options->arguments[0]);
    if (command == NULL) return command_fail_unknown(options->arguments[0], err);
    command_help(command, wrap_width(), &text);
  }
  Status status = text_status(&text, err);
  if (status == OK) fputs(text.bytes, stdout);
  text_free(&text);
  return status;
}

const Command command_help_page = {
    .name = "help",
    .brief = "explains a command and its options",
    .usage = "[COMMAND]",
    .arguments = {{"COMMAND", "the command to explain; without it all are listed"}},
    .max_arguments = 1,
    .examples = {"edgec help", "edgec help version"},
    .place = 90,
    .run = help_run,
};
