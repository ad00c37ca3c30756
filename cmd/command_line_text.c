#include "cmd/command_line_text.h"

#include <ctype.h>
#include <string.h>

static bool is_plain(const char *word) {
  for (const char *c = word; *c != '\0'; c++)
    if (!isalnum((unsigned char)*c) && strchr("_@%+=:,./-", *c) == NULL) return false;
  return word[0] != '\0';
}

static void add_word(const char *word, Text *text) {
  if (is_plain(word)) {
    text_add(text, "%s", word);
    return;
  }
  text_add(text, "'");
  for (const char *c = word; *c != '\0'; c++) text_add(text, *c == '\'' ? "'\\''" : "%c", *c);
  text_add(text, "'");
}

static void add_valued(const char *name, const char *key, const char *value, Text *text) {
  text_add(text, " --%s%c", name, value[0] == '-' || value[0] == '\0' ? '=' : ' ');
  Text word = {0};
  text_add(&word, "%s%s%s", key != NULL ? key : "", key != NULL ? "=" : "", value);
  if (!word.failed) add_word(word.bytes, text);
  text->failed |= word.failed;
  text_free(&word);
}

static void add_option(const OptionValue *value, Text *text) {
  const char *name = value->row->name;
  switch (value->row->type) {
  case OPTION_FLAG:
    text_add(text, value->flag ? " --%s" : " --no-%s", name);
    break;
  case OPTION_LIST:
  case OPTION_PAIRS:
    for (int i = 0; i < value->count; i++)
      add_valued(name, value->pairs[i].name, value->pairs[i].value, text);
    break;
  default:
    add_valued(name, NULL, value->text, text);
  }
}

void command_line_text(const Options *options, const char *flag, Text *text) {
  bool has_hyphen = false;
  text_add(text, "edgec %s", options->command);
  for (int i = 0; i < options->argument_count; i++) has_hyphen |= options->arguments[i][0] == '-';
  for (int i = 0; !has_hyphen && i < options->argument_count; i++) {
    text_add(text, " ");
    add_word(options->arguments[i], text);
  }
  for (int i = 0; i < options->value_count; i++) {
    const OptionValue *value = &options->values[i];
    if (value->given && (flag == NULL || strcmp(value->row->name, flag) != 0)) add_option(value, text);
  }
  if (flag != NULL) text_add(text, " --%s", flag);
  if (has_hyphen) text_add(text, " --");
  for (int i = 0; has_hyphen && i < options->argument_count; i++) {
    text_add(text, " ");
    add_word(options->arguments[i], text);
  }
}
