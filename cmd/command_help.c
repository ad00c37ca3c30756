/* command_help.c - help pages, made from the rows. */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/wrap.h"

#include <stdio.h>
#include <string.h>

#define TEXT_COLUMN 26 /* where explanations begin */
#define ROWS_MAX 128

typedef struct Rows {
  const OptionRow *rows[ROWS_MAX];
  int count;
} Rows;

static bool has_row(const Rows *rows, const char *name) {
  for (int i = 0; i < rows->count; i++)
    if (strcmp(rows->rows[i]->name, name) == 0) return true;
  return false;
}

static void collect(Rows *rows, const OptionRow *list) {
  for (; list != NULL && list->name != NULL; list++)
    if (!has_row(rows, list->name) && rows->count < ROWS_MAX) rows->rows[rows->count++] = list;
}

/* A left column and its explanation, on the next line where the left one is too long. */
static void add_entry(Text *text, const char *left, const char *right, int width) {
  int columns = wrap_columns(left, strlen(left));
  text_add(text, "%s", left);
  if (columns + 2 > TEXT_COLUMN)
    text_add(text, "\n%*s", TEXT_COLUMN, "");
  else
    text_add(text, "%*s", TEXT_COLUMN - columns, "");
  wrap_text(text, right, TEXT_COLUMN, TEXT_COLUMN, width);
}

static void add_note(Text *notes, const char *format, const char *value) {
  text_add(notes, notes->length > 0 ? "; " : " (");
  text_add(notes, format, value);
}

/* What follows the help of a row: legal values, default, whether it may be repeated. */
static void add_notes(const OptionRow *row, Text *explanation) {
  Text notes = {0}, legal = {0};
  option_legal(row, &legal);
  bool bounded_above = row->maximum < 1e9;
  if (legal.length > 0 && (row->type == OPTION_CHOICE || bounded_above)) add_note(&notes, "%s", legal.bytes);
  if (row->type == OPTION_LIST || row->type == OPTION_PAIRS)
    add_note(&notes, "%s", "may be given several times");
  if (row->fallback != NULL && row->type != OPTION_FLAG) add_note(&notes, "default: %s", row->fallback);
  if (row->type == OPTION_FLAG && row->fallback != NULL && strcmp(row->fallback, "true") == 0)
    add_note(&notes, "%s", "on by default");
  if (notes.length > 0) text_add(explanation, "%s)", notes.bytes);
  text_free(&notes);
  text_free(&legal);
}

static void add_row(const OptionRow *row, int width, Text *text) {
  Text left = {0}, right = {0};
  if (row->short_name != '\0')
    text_add(&left, "  -%c, ", row->short_name);
  else
    text_add(&left, "      ");
  bool negatable = row->type == OPTION_FLAG && row->fallback != NULL && strcmp(row->fallback, "true") == 0;
  text_add(&left, "--%s%s", negatable ? "[no-]" : "", row->name);
  if (row->type != OPTION_FLAG) text_add(&left, " %s", row->metavar);
  text_add(&right, "%s", row->help);
  add_notes(row, &right);
  add_entry(text, left.bytes, right.bytes, width);
  text_free(&left);
  text_free(&right);
}

static const char *group_of(const OptionRow *row) {
  return row->group != NULL ? row->group : "Options";
}

/* Groups in the order of their first row. */
static void add_groups(const Rows *rows, int width, Text *text) {
  bool done[ROWS_MAX] = {false};
  for (int i = 0; i < rows->count; i++) {
    if (done[i]) continue;
    text_add(text, "\n%s:\n", group_of(rows->rows[i]));
    for (int j = i; j < rows->count; j++) {
      if (strcmp(group_of(rows->rows[j]), group_of(rows->rows[i])) != 0) continue;
      add_row(rows->rows[j], width, text);
      done[j] = true;
    }
  }
}

static void add_arguments(const Command *command, int width, Text *text) {
  size_t room = sizeof command->arguments / sizeof command->arguments[0];
  for (size_t i = 0; i < room && command->arguments[i].name != NULL; i++) {
    char left[64];
    if (i == 0) text_add(text, "\nArguments:\n");
    snprintf(left, sizeof left, "  %s", command->arguments[i].name);
    add_entry(text, left, command->arguments[i].help, width);
  }
}

/* Not wrapped, so that they can be copied: those of the command, then those of its rows. */
/* Rows are shared by commands: an example is shown where it is of this one. */
static bool is_example_of(const Command *command, const char *example) {
  char start[64];
  int length = snprintf(start, sizeof start, "edgec %s ", command->name);
  return example != NULL && strncmp(example, start, (size_t)length) == 0;
}

static void add_examples(const Command *command, const Rows *rows, Text *text) {
  const char *heading = "\nExamples:\n";
  size_t room = sizeof command->examples / sizeof command->examples[0];
  for (size_t i = 0; i < room && command->examples[i] != NULL; i++) {
    text_add(text, "%s  %s\n", heading, command->examples[i]);
    heading = "";
  }
  for (int i = 0; i < rows->count; i++) {
    if (!is_example_of(command, rows->rows[i]->example)) continue;
    text_add(text, "%s  %s\n", heading, rows->rows[i]->example);
    heading = "";
  }
}

void command_help(const Command *command, int width, Text *text) {
  Rows rows = {.count = 0};
  for (int i = 0; i < COMMAND_MAX_LISTS; i++) collect(&rows, command->options[i]);
  collect(&rows, common_help_rows);
  Text title = {0};
  text_add(&title, "edgec %s %s.", command->name, command->brief);
  wrap_text(text, title.bytes != NULL ? title.bytes : "", 0, 0, width);
  text_free(&title);
  text_add(text, "\nUsage: edgec %s %s\n", command->name, command->usage);
  if (command->alias != NULL) text_add(text, "       (edgec %s is the same)\n", command->alias);
  if (command->help != NULL) {
    text_add(text, "\n");
    wrap_text(text, command->help, 0, 0, width);
  }
  add_arguments(command, width, text);
  add_groups(&rows, width, text);
  add_examples(command, &rows, text);
}

void command_overview(int width, Text *text) {
  wrap_text(text,
            "edgec makes trained ONNX models small, measures on your data what that cost, and writes .edge "
            "files for a "
            "tiny runtime.",
            0, 0, width);
  text_add(text, "\nUsage: edgec COMMAND [OPTIONS] FILES\n\nCommands:\n");
  for (int i = 0; command_table[i] != NULL; i++) {
    char left[64];
    snprintf(left, sizeof left, "  %s", command_table[i]->name);
    text_add(text, "%-12s", left);
    wrap_text(text, command_table[i]->brief, 12, 12, width);
  }
  text_add(text, "\nTo begin:\n  edgec quantize model.onnx --data samples.npz\n");
  text_add(text, "\n'edgec help COMMAND' explains a command and its options.\n");
}
