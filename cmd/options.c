/* options.c - from the words of a command line to values. */
#include "cmd/options.h"

#include <assert.h>
#include <string.h>

#define OPTIONS_MAX 128 /* rows of a command */

typedef struct Words {
  const char *const *next, *const *end;
} Words;

static char plain(char c) {
  return c == '_' ? '-' : c;
}

bool option_names_agree(const char *a, const char *b, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (a[i] == '\0' || plain(a[i]) != plain(b[i])) return false;
  return a[length] == '\0';
}

static OptionValue *find_long(const Options *options, const char *name, size_t length) {
  for (int i = 0; i < options->value_count; i++)
    if (option_names_agree(options->values[i].row->name, name, length)) return &options->values[i];
  return NULL;
}

static OptionValue *find_short(const Options *options, char name) {
  for (int i = 0; i < options->value_count; i++)
    if (options->values[i].row->short_name == name && name != '\0') return &options->values[i];
  return NULL;
}

static Status fail_unknown(const Options *options, const char *name, size_t length, Error *err) {
  const char *names[OPTIONS_MAX];
  char word[64];
  for (int i = 0; i < options->value_count; i++) names[i] = options->values[i].row->name;
  if (length >= sizeof word) length = sizeof word - 1;
  for (size_t i = 0; i < length; i++) word[i] = plain(name[i]);
  word[length] = '\0';
  int nearest = text_nearest(word, names, options->value_count);
  if (nearest >= 0)
    return fail(err, BAD_USAGE, "%s: unknown option '--%s'; did you mean '--%s'?", options->command, word,
                names[nearest]);
  return fail(err, BAD_USAGE, "%s: unknown option '--%s'; 'edgec %s --help' lists what there is",
              options->command, word, options->command);
}

/* The value that follows an option as a word of its own. */
static Status take_next(Options *options, OptionValue *value, Words *words, Error *err) {
  const OptionRow *row = value->row;
  if (words->next == words->end)
    return fail(err, BAD_USAGE, "option --%s needs a value: --%s %s", row->name, row->name, row->metavar);
  const char *word = *words->next;
  if (word[0] == '-' && word[1] == '-')
    return fail(err, BAD_USAGE,
                "option --%s needs a value, but '%s' follows (write --%s=%s if that is meant)", row->name,
                word, row->name, word);
  words->next++;
  return option_take(options, value, word, err);
}

static Status parse_negated(Options *options, const char *name, size_t length, Error *err) {
  OptionValue *value =
      length > 3 && option_names_agree("no-", name, 3) ? find_long(options, name + 3, length - 3) : NULL;
  if (value == NULL || value->row->type != OPTION_FLAG) return fail_unknown(options, name, length, err);
  if (name[length] == '=') return fail(err, BAD_USAGE, "option --no-%s takes no value", value->row->name);
  value->given = true;
  value->flag = false;
  value->text = "false";
  return OK;
}

static Status parse_long(Options *options, const char *word, Words *words, Error *err) {
  const char *name = word + 2, *equals = strchr(name, '=');
  size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
  OptionValue *value = find_long(options, name, length);
  if (value == NULL) return parse_negated(options, name, length, err);
  if (value->row->type == OPTION_FLAG) {
    if (equals != NULL) return fail(err, BAD_USAGE, "option --%s takes no value", value->row->name);
    return option_take(options, value, NULL, err);
  }
  return equals != NULL ? option_take(options, value, equals + 1, err)
                        : take_next(options, value, words, err);
}

static Status parse_short(Options *options, const char *word, Words *words, Error *err) {
  for (const char *letter = word + 1; *letter != '\0'; letter++) {
    OptionValue *value = find_short(options, *letter);
    if (value == NULL)
      return fail(err, BAD_USAGE, "%s: unknown option '-%c' in '%s'; 'edgec %s --help' lists what there is",
                  options->command, *letter, word, options->command);
    if (value->row->type != OPTION_FLAG) {
      const char *rest = letter[1] == '=' ? letter + 2 : letter + 1;
      return letter[1] != '\0' ? option_take(options, value, rest, err)
                               : take_next(options, value, words, err);
    }
    TRY(option_take(options, value, NULL, err));
  }
  return OK;
}

static Status parse_words(Options *options, Words *words, Error *err) {
  bool ended = false;
  while (words->next < words->end) {
    const char *word = *words->next++;
    if (ended || word[0] != '-' || word[1] == '\0')
      options->arguments[options->argument_count++] = word;
    else if (strcmp(word, "--") == 0)
      ended = true;
    else
      TRY(word[1] == '-' ? parse_long(options, word, words, err) : parse_short(options, word, words, err));
  }
  return OK;
}

static int count_rows(const OptionRow *const *lists) {
  int count = 0;
  for (; *lists != NULL; lists++)
    for (const OptionRow *row = *lists; row->name != NULL; row++) count++;
  return count;
}

/* A value for each row, with its fallback; rows of later lists that repeat a name are left out. */
static Status set_fallbacks(Options *options, const OptionRow *const *lists, Error *err) {
  for (; *lists != NULL; lists++) {
    for (const OptionRow *row = *lists; row->name != NULL; row++) {
      if (find_long(options, row->name, strlen(row->name)) != NULL) continue;
      assert(options->value_count < OPTIONS_MAX);
      OptionValue *value = &options->values[options->value_count++];
      value->row = row;
      if (row->fallback != NULL) TRY(option_take(options, value, row->fallback, err));
      value->given = false;
    }
  }
  return OK;
}

Status options_parse(Options *options, const char *command, const OptionRow *const *lists, int argc,
                     const char *const *argv, Error *err) {
  *options = (Options){.command = command};
  Words words = {argv, argv + argc};
  options->values = arena_new(&options->arena, (size_t)count_rows(lists), sizeof *options->values, err);
  options->arguments = arena_new(&options->arena, (size_t)argc, sizeof *options->arguments, err);
  Status status = options->values == NULL || options->arguments == NULL ? SYSTEM : OK;
  if (status == OK) status = set_fallbacks(options, lists, err);
  if (status == OK) status = parse_words(options, &words, err);
  if (status != OK) options_free(options);
  return status;
}

void options_free(Options *options) {
  arena_free(&options->arena);
  *options = (Options){0};
}
