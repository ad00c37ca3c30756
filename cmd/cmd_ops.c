/* cmd_ops.c - edgec ops */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/ops_table.h"
#include "cmd/print.h"
#include "cmd/version.h"

static const OptionRow ops_rows[] = {
    {.name = "markdown",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "print the table as Markdown, with what each operator computes"},
    {0}};

static Status fail_missing(const char *pattern, Error *err) {
  const char *names[512];
  int count = 0;
  for (int i = 0; i < op_count() && count < 512; i++) names[count++] = op_at(i)->name;
  int nearest = text_nearest(pattern, names, count);
  return nearest >= 0 ? fail(err, UNSUPPORTED, "there is no operator '%s' in edgec; did you mean '%s'?",
                             pattern, names[nearest])
                      : fail(err, UNSUPPORTED, "there is no operator '%s' in edgec", pattern);
}

/* Each argument must mean something. */
static Status check_patterns(const Options *options, Error *err) {
  for (int a = 0; a < options->argument_count; a++) {
    bool found = false;
    for (int i = 0; i < op_count(); i++) found |= ops_wanted(op_at(i), &options->arguments[a], 1);
    if (!found) return fail_missing(options->arguments[a], err);
  }
  return OK;
}

static void print_json(const Options *options, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  ops_json(options->arguments, options->argument_count, &json);
  json_object_end(&json);
  json_end(&json);
}

static Status ops_run(const Options *options, Error *err) {
  Text text = {0};
  if (options_flag(options, "json")) TRY(options_refuse(options, "markdown", "together with --json", err));
  TRY(check_patterns(options, err));
  if (options_flag(options, "json"))
    print_json(options, &text);
  else if (options_flag(options, "markdown"))
    ops_markdown(options->arguments, options->argument_count, &text);
  else
    ops_text(options->arguments, options->argument_count, &text);
  return print_text(&text, err);
}

const Command command_ops = {
    .name = "ops",
    .brief = "lists the ONNX operators that edgec has, and what integers do with them",
    .usage = "[OPTIONS] [OPERATOR...]",
    .help = "The role says how an operator is computed in an .edge file: 'linear' are products with "
            "constant weights, 'table' is a look-up of 256 entries, 'same-scale' moves or picks values, "
            "'view' only reorders them, 'index' is shape arithmetic. 'float' has no integer form; the "
            "reason follows.",
    .arguments = {{"OPERATOR", "names, or patterns such as 'Reduce*'; without them all are listed"}},
    .max_arguments = ARGUMENTS_ANY,
    .options = {ops_rows, common_json_rows},
    .examples = {"edgec ops", "edgec ops 'Reduce*' Conv", "edgec ops --markdown >operators.md"},
    .place = 60,
    .run = ops_run,
};
