/* option_values.c - what the text of a value means, by the type of its row. */
#include "cmd/options.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static bool is_bounded(const OptionRow *row) {
  return row->minimum != 0 || row->maximum != 0;
}

static void add_choices(const OptionRow *row, Text *text) {
  text_add(text, "one of ");
  for (int i = 0; row->choices[i] != NULL; i++) text_add(text, "%s%s", i > 0 ? ", " : "", row->choices[i]);
}

void option_legal(const OptionRow *row, Text *text) {
  if (row->type == OPTION_CHOICE)
    add_choices(row, text);
  else if (is_bounded(row) && row->maximum >= DBL_MAX)
    text_add(text, "at least %.15g", row->minimum);
  else if (is_bounded(row))
    text_add(text, "%.15g..%.15g", row->minimum, row->maximum);
}

static const char *kind_of(OptionType type) {
  switch (type) {
  case OPTION_INT:
    return "a whole number";
  case OPTION_DOUBLE:
    return "a number";
  case OPTION_PERCENT:
    return "a number or percentage such as 50%";
  case OPTION_SIZE:
    return "a size such as 60000, 60K or 64KiB";
  case OPTION_SECONDS:
    return "a time such as 5ms or 2s";
  case OPTION_NUMBERS:
    return "a list of numbers such as 0.5,0.5,0.5";
  case OPTION_PAIRS:
    return "of the form NAME=VALUE";
  default:
    return "a value";
  }
}

static Status fail_value(const OptionRow *row, const char *text, Error *err) {
  Text legal = {0};
  option_legal(row, &legal);
  Status status = fail(err, BAD_USAGE, "option --%s: '%s' is not %s%s%s", row->name, text, kind_of(row->type),
                       legal.length > 0 ? ", legal is " : "", legal.length > 0 ? legal.bytes : "");
  text_free(&legal);
  return status;
}

static Status fail_range(const OptionRow *row, const char *text, Error *err) {
  Text legal = {0};
  option_legal(row, &legal);
  Status status =
      fail(err, BAD_USAGE, "option --%s: %s is out of range, legal is %s", row->name, text, legal.bytes);
  text_free(&legal);
  return status;
}

static Status check_range(const OptionRow *row, double number, const char *text, Error *err) {
  if (is_bounded(row) && !(number >= row->minimum && number <= row->maximum))
    return fail_range(row, text, err);
  return OK;
}

static Status take_choice(OptionValue *value, const char *text, Error *err) {
  const OptionRow *row = value->row;
  int count = 0;
  for (; row->choices[count] != NULL; count++) {
    if (!option_names_agree(row->choices[count], text, strlen(text))) continue;
    value->integer = count;
    value->text = row->choices[count];
    return OK;
  }
  int nearest = text_nearest(text, row->choices, count);
  Text legal = {0};
  add_choices(row, &legal);
  Status status = nearest >= 0
                      ? fail(err, BAD_USAGE, "option --%s: '%s' is not %s; did you mean '%s'?", row->name,
                             text, legal.bytes, row->choices[nearest])
                      : fail(err, BAD_USAGE, "option --%s: '%s' is not %s", row->name, text, legal.bytes);
  text_free(&legal);
  return status;
}

/* "5ms", "2s", "3min" */
static bool text_to_seconds(const char *text, double *seconds) {
  static const struct {
    const char *unit;
    double factor;
  } units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"min", 60}, {"h", 3600}};
  char *end;
  double number = strtod(text, &end);
  if (end == text || text[0] == ' ' || !(number >= 0 && number <= 1e12)) return false;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    if (strcmp(end, units[i].unit) == 0) return *seconds = number * units[i].factor, true;
  return false;
}

static bool to_number(OptionType type, const char *text, double *number) {
  if (type == OPTION_SECONDS) return text_to_seconds(text, number);
  if (type != OPTION_PERCENT && strchr(text, '%') != NULL) return false;
  return text_to_double(text, number);
}

static Status take_number(OptionValue *value, const char *text, Error *err) {
  if (!to_number(value->row->type, text, &value->number)) return fail_value(value->row, text, err);
  return check_range(value->row, value->number, text, err);
}

/* "60%" of a size that may be a share. */
static bool take_share(OptionValue *value, const char *text) {
  size_t length = strlen(text);
  value->number = 0;
  if (!value->row->share_allowed || length == 0 || text[length - 1] != '%') return false;
  value->integer = 0;
  return text_to_double(text, &value->number) && value->number > 0;
}

static Status take_integer(OptionValue *value, const char *text, Error *err) {
  bool good = value->row->type == OPTION_INT ? text_to_int(text, &value->integer)
                                             : text_to_size(text, &value->integer);
  if (value->row->type == OPTION_SIZE && take_share(value, text)) return OK;
  if (!good) return fail_value(value->row, text, err);
  return check_range(value->row, (double)value->integer, text, err);
}

static Status take_numbers(Options *options, OptionValue *value, const char *text, Error *err) {
  int count = 1;
  for (const char *c = text; *c != '\0'; c++) count += *c == ',';
  value->numbers = arena_new(&options->arena, (size_t)count, sizeof *value->numbers, err);
  if (value->numbers == NULL) return SYSTEM;
  value->count = 0;
  for (const char *next = text; value->count < count; value->count++) {
    size_t length = strcspn(next, ",");
    char *piece = arena_text_of(&options->arena, next, length, err);
    if (piece == NULL) return SYSTEM;
    if (!to_number(OPTION_DOUBLE, piece, &value->numbers[value->count]))
      return fail_value(value->row, text, err);
    TRY(check_range(value->row, value->numbers[value->count], piece, err));
    next += length + 1;
  }
  return OK;
}

/* Room is doubled at powers of two; the arena keeps the older, smaller ones. */
static Status add_pair(Options *options, OptionValue *value, OptionPair pair, Error *err) {
  if ((value->count & (value->count - 1)) == 0) {
    OptionPair *grown = arena_new(&options->arena, (size_t)value->count * 2 + 1, sizeof *grown, err);
    if (grown == NULL) return SYSTEM;
    if (value->count > 0) memcpy(grown, value->pairs, (size_t)value->count * sizeof *grown);
    value->pairs = grown;
  }
  value->pairs[value->count++] = pair;
  return OK;
}

/* Where the name may be missing, a '/' before the '=' says that it belongs to a path: `./a=b.npy` is a value
   alone. */
static Status take_pair(Options *options, OptionValue *value, const char *text, Error *err) {
  size_t length = strcspn(text, value->row->name_optional ? "=/" : "=");
  if (text[length] != '=' || length == 0) {
    if (!value->row->name_optional || text[0] == '\0' || text[0] == '=')
      return fail_value(value->row, text, err);
    return add_pair(options, value, (OptionPair){.value = text}, err);
  }
  const char *name = arena_text_of(&options->arena, text, length, err);
  if (name == NULL) return SYSTEM;
  return add_pair(options, value, (OptionPair){.name = name, .value = text + length + 1}, err);
}

static Status take_flag(OptionValue *value, const char *text) {
  value->flag = text == NULL || strcmp(text, "true") == 0;
  value->text = value->flag ? "true" : "false";
  return OK;
}

Status option_take(Options *options, OptionValue *value, const char *text, Error *err) {
  value->given = true;
  value->text = text;
  switch (value->row->type) {
  case OPTION_FLAG:
    return take_flag(value, text);
  case OPTION_INT:
  case OPTION_SIZE:
    return take_integer(value, text, err);
  case OPTION_DOUBLE:
  case OPTION_PERCENT:
  case OPTION_SECONDS:
    return take_number(value, text, err);
  case OPTION_STRING:
    return OK;
  case OPTION_CHOICE:
    return take_choice(value, text, err);
  case OPTION_NUMBERS:
    return take_numbers(options, value, text, err);
  case OPTION_LIST:
    return add_pair(options, value, (OptionPair){.value = text}, err);
  case OPTION_PAIRS:
    return take_pair(options, value, text, err);
  }
  return OK;
}
