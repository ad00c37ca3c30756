/* dispatch.c - from the words of a command line to the command that they name. */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/wrap.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 64

const Command *command_find(const char *name) {
  for (int i = 0; command_table[i] != NULL; i++) {
    const Command *command = command_table[i];
    if (strcmp(command->name, name) == 0) return command;
    if (command->alias != NULL && strcmp(command->alias, name) == 0) return command;
  }
  return NULL;
}

Status command_fail_unknown(const char *name, Error *err) {
  const char *names[NAMES_MAX];
  int count = 0;
  for (int i = 0; command_table[i] != NULL && count + 2 <= NAMES_MAX; i++) {
    names[count++] = command_table[i]->name;
    if (command_table[i]->alias != NULL) names[count++] = command_table[i]->alias;
  }
  int nearest = text_nearest(name, names, count);
  if (nearest >= 0)
    return fail(err, BAD_USAGE, "there is no command '%s'; did you mean '%s'?", name, names[nearest]);
  return fail(err, BAD_USAGE, "there is no command '%s'; 'edgec help' lists what there is", name);
}

/* What the argument at a place is called: the last name also stands for those behind it. */
static const char *argument_name(const Command *command, int place) {
  int room = (int)(sizeof command->arguments / sizeof command->arguments[0]), last = 0;
  while (last + 1 < room && last < place && command->arguments[last + 1].name != NULL) last++;
  return command->arguments[last].name != NULL ? command->arguments[last].name : "an argument";
}

static Status check_arguments(const Command *command, const Options *options, Error *err) {
  if (options->argument_count < command->min_arguments)
    return fail(err, BAD_USAGE, "%s: %s is missing; usage: edgec %s %s", command->name,
                argument_name(command, options->argument_count), command->name, command->usage);
  if (options->argument_count > command->max_arguments)
    return fail(err, BAD_USAGE, "%s: '%s' is one argument too many; usage: edgec %s %s", command->name,
                options->arguments[command->max_arguments], command->name, command->usage);
  return OK;
}

static Status print_help(const Command *command, Error *err) {
  Text text = {0};
  command_help(command, wrap_width(), &text);
  Status status = text_status(&text, err);
  if (status == OK) fputs(text.bytes, stdout);
  text_free(&text);
  return status;
}

/* "-h" and "--help" as the first word are the command help, "-V" and "--version" the command version. */
static const char *command_name(const char *word) {
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return "help";
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) return "version";
  return word;
}

static Status fail_no_command(Error *err) {
  Text text = {0};
  command_overview(wrap_width(), &text);
  if (!text.failed) fputs(text.bytes, stderr);
  text_free(&text);
  return fail(err, BAD_USAGE, "a command is missing");
}

Status command_dispatch(int argc, const char *const *argv, Error *err) {
  if (argc < 2) return fail_no_command(err);
  const Command *command = command_find(command_name(argv[1]));
  if (command == NULL) return command_fail_unknown(argv[1], err);
  const OptionRow *lists[COMMAND_MAX_LISTS + 2] = {NULL};
  int count = 0;
  while (count < COMMAND_MAX_LISTS && command->options[count] != NULL) {
    lists[count] = command->options[count];
    count++;
  }
  lists[count] = common_help_rows;
  Options options;
  TRY(options_parse(&options, command->name, lists, argc - 2, argv + 2, err));
  Status status = OK;
  if (options_flag(&options, "help"))
    status = print_help(command, err);
  else if ((status = check_arguments(command, &options, err)) == OK)
    status = command->run(&options, err);
  options_free(&options);
  return status;
}
