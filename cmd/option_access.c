/* option_access.c - values by name, which of them were used, and the effective configuration. */
#include "cmd/options.h"

#include <assert.h>
#include <string.h>

/* The value of a name that must exist, marked as used. */
static OptionValue *use(const Options *options, const char *name) {
  for (int i = 0; i < options->value_count; i++) {
    if (strcmp(options->values[i].row->name, name) != 0) continue;
    options->values[i].used = true;
    return &options->values[i];
  }
  assert(false && "a command asks for an option that has no row");
  return NULL;
}

static const OptionValue *use_as(const Options *options, const char *name, OptionType a, OptionType b,
                                 OptionType c) {
  const OptionValue *value = use(options, name);
  assert(value->row->type == a || value->row->type == b || value->row->type == c);
  (void)a, (void)b, (void)c; /* where assertions are off */
  return value;
}

bool options_flag(const Options *options, const char *name) {
  return use_as(options, name, OPTION_FLAG, OPTION_FLAG, OPTION_FLAG)->flag;
}

int64_t options_int(const Options *options, const char *name) {
  return use_as(options, name, OPTION_INT, OPTION_SIZE, OPTION_SIZE)->integer;
}

double options_double(const Options *options, const char *name) {
  return use_as(options, name, OPTION_DOUBLE, OPTION_PERCENT, OPTION_SECONDS)->number;
}

double options_share(const Options *options, const char *name) {
  return use_as(options, name, OPTION_SIZE, OPTION_SIZE, OPTION_SIZE)->number;
}

const char *options_string(const Options *options, const char *name) {
  return use_as(options, name, OPTION_STRING, OPTION_CHOICE, OPTION_CHOICE)->text;
}

int options_choice(const Options *options, const char *name) {
  return (int)use_as(options, name, OPTION_CHOICE, OPTION_CHOICE, OPTION_CHOICE)->integer;
}

const double *options_numbers(const Options *options, const char *name, int *count) {
  const OptionValue *value = use_as(options, name, OPTION_NUMBERS, OPTION_NUMBERS, OPTION_NUMBERS);
  *count = value->count;
  return value->numbers;
}

const OptionPair *options_pairs(const Options *options, const char *name, int *count) {
  const OptionValue *value = use_as(options, name, OPTION_PAIRS, OPTION_LIST, OPTION_LIST);
  *count = value->count;
  return value->pairs;
}

bool options_was_given(const Options *options, const char *name) {
  return use(options, name)->given;
}

void options_mark_used(const Options *options, const char *name) {
  use(options, name);
}

Status options_refuse(const Options *options, const char *name, const char *why, Error *err) {
  if (!options_was_given(options, name)) return OK;
  return fail(err, BAD_USAGE, "%s: option --%s has no effect %s", options->command, name, why);
}

Status options_check_used(const Options *options, const char *why, Error *err) {
  for (int i = 0; i < options->value_count; i++)
    if (options->values[i].given && !options->values[i].used)
      return fail(err, BAD_USAGE, "%s: option --%s has no effect %s", options->command,
                  options->values[i].row->name, why);
  return OK;
}

static bool is_collected(const OptionValue *value) {
  return value->row->type == OPTION_LIST || value->row->type == OPTION_PAIRS;
}

static void add_pair_text(const OptionPair *pair, Text *text) {
  if (pair->name != NULL) text_add(text, "%s=", pair->name);
  text_add(text, "%s", pair->value);
}

void options_value_text(const OptionValue *value, Text *text) {
  if (!is_collected(value)) {
    text_add(text, "%s", value->text != NULL ? value->text : value->row->type == OPTION_FLAG ? "false" : "");
    return;
  }
  for (int i = 0; i < value->count; i++) {
    if (i > 0) text_add(text, " ");
    add_pair_text(&value->pairs[i], text);
  }
}

static void collected_to_json(const OptionValue *value, Json *json) {
  json_array_begin(json, value->row->name);
  for (int i = 0; i < value->count; i++) {
    Text text = {0};
    add_pair_text(&value->pairs[i], &text);
    json_string(json, NULL, text.bytes);
    text_free(&text);
  }
  json_array_end(json);
}

static void value_to_json(const OptionValue *value, Json *json) {
  const char *name = value->row->name;
  if (value->row->type == OPTION_FLAG) {
    json_bool(json, name, value->flag);
  } else if (is_collected(value)) {
    collected_to_json(value, json);
  } else if (value->text == NULL) {
    json_null(json, name);
  } else if (value->row->type == OPTION_SIZE && value->number > 0) {
    json_string(json, name, value->text);
  } else if (value->row->type == OPTION_INT || value->row->type == OPTION_SIZE) {
    json_int(json, name, value->integer);
  } else if (value->row->type == OPTION_NUMBERS) {
    json_numbers(json, name, value->numbers, value->count);
  } else if (value->row->type == OPTION_STRING || value->row->type == OPTION_CHOICE) {
    json_string(json, name, value->text);
  } else {
    json_double(json, name, value->number);
  }
}

void options_to_json(const Options *options, Json *json, const char *key) {
  json_object_begin(json, key);
  for (int i = 0; i < options->value_count; i++)
    if (strcmp(options->values[i].row->name, "help") != 0) value_to_json(&options->values[i], json);
  json_object_end(json);
}
