/*
 * options.h - the option engine: an option is a row, and parsing, --help and the effective configuration come
 * from the same rows.
 *
 *     static const OptionRow rows[] = {
 *         {.name = "samples", .short_name = 'n', .type = OPTION_INT, .metavar = "N", .fallback = "256",
 *          .minimum = 1, .maximum = 1e9, .group = "Data", .help = "samples to calibrate on"},
 *         {0}};
 *     const OptionRow *const lists[] = {rows, NULL};
 *     Options options;
 *     TRY(options_parse(&options, "quantize", lists, argc, argv, err));
 *     int64_t samples = options_int(&options, "samples");
 *     options_free(&options);
 *
 * GNU style: --name=value, --name value, -n value, -nvalue, flags together (-qv), --no-flag, and -- ends the
 * options. Hyphens and underscores are the same. Names are never abbreviated. The last of several values
 * counts, except for lists and pairs, which collect them. A row that an earlier list has already is left out.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/base.h"

#include "formats/report/json.h"

typedef enum OptionType {
  OPTION_FLAG,    /* on or off; the fallback "true" makes it one that is switched off by --no-name */
  OPTION_INT,     /* whole number */
  OPTION_DOUBLE,  /* finite number */
  OPTION_PERCENT, /* number, a '%' behind it is allowed: 50% and 50 are 50.0 */
  OPTION_SIZE,    /* bytes: 60K, 1.5M, 64KiB */
  OPTION_SECONDS, /* time: 5ms, 2s, 3min; a bare number is seconds */
  OPTION_STRING,
  OPTION_CHOICE,  /* one of `choices` */
  OPTION_NUMBERS, /* numbers between commas: 0.485,0.456,0.406 */
  OPTION_LIST,    /* string, may be given several times */
  OPTION_PAIRS    /* NAME=VALUE, may be given several times */
} OptionType;

typedef struct OptionRow {
  const char *name; /* with hyphens, without the two in front; NULL ends a list */
  char short_name;  /* 0: none */
  OptionType type;
  const char *metavar;        /* what stands for the value in --help; NULL for flags */
  const char *fallback;       /* the default as a user would write it; NULL: none; not for lists and pairs */
  double minimum, maximum;    /* of numbers, in their unit; both 0: any */
  const char *const *choices; /* ends with NULL */
  bool name_optional;         /* of pairs: a VALUE alone is taken, its name is NULL */
  bool share_allowed;         /* of sizes: 60% is taken too, see options_share() */
  const char *group;          /* heading in --help */
  const char *help;           /* what it does, in words; default and range are added */
  const char
      *example; /* a whole command line that uses it, or NULL: listed with the examples of its command */
} OptionRow;

typedef struct OptionPair {
  const char *name; /* NULL where only a value was given */
  const char *value;
} OptionPair;

/* The value of a row: of the member that its type says, besides `text`. */
typedef struct OptionValue {
  const OptionRow *row;
  bool given, used;
  const char *text; /* as written (the last one) or the fallback; NULL: none. A string's or choice's value. */
  bool flag;
  int64_t integer; /* INT, SIZE */
  double number;   /* DOUBLE, PERCENT, SECONDS */
  double *numbers;
  OptionPair *pairs; /* of lists: only values */
  int count;         /* of numbers, pairs */
} OptionValue;

typedef struct Options {
  const char *command;
  OptionValue *values; /* in the order of the rows */
  int value_count;
  const char **arguments; /* what is no option */
  int argument_count;
  Arena arena;
} Options;

/* Parses `argv` (the words behind the command's name). `lists` ends with NULL. BAD_USAGE with a line that
   names the option, the value and what is legal. Strings stay views of argv. The options need options_free()
   on success only. */
Status options_parse(Options *options, const char *command, const OptionRow *const *lists, int argc,
                     const char *const *argv, Error *err);
void options_free(Options *options);

/* Values by name. To ask for a name or a type that no row has is a bug and asserts. Asking marks as used. */
bool options_flag(const Options *options, const char *name);
int64_t options_int(const Options *options, const char *name); /* also of sizes, in bytes */
double options_double(const Options *options, const char *name);
/* Of a size that was given as a share: its percent; 0 where it was given in bytes or not at all. */
double options_share(const Options *options, const char *name);
const char *options_string(const Options *options, const char *name); /* NULL: neither given nor defaulted */
int options_choice(const Options *options, const char *name);         /* index in `choices` */
const double *options_numbers(const Options *options, const char *name, int *count);
const OptionPair *options_pairs(const Options *options, const char *name, int *count); /* also of lists */

/* Was it on the command line? For numbers without a fallback this says whether there is a value. */
bool options_was_given(const Options *options, const char *name);
/* BAD_USAGE if it was given: "--labels has no effect <why>". */
Status options_refuse(const Options *options, const char *name, const char *why, Error *err);
/* For options that a command hands to somebody else. */
void options_mark_used(const Options *options, const char *name);
/* BAD_USAGE if one was given that nobody asked for: "--labels has no effect <why>". */
Status options_check_used(const Options *options, const char *why, Error *err);

/* Adds the value as a user would write it, "" where there is none. */
void options_value_text(const OptionValue *value, Text *text);
/* The effective configuration: an object `key` with a member for each row, but for --help. */
void options_to_json(const Options *options, Json *json, const char *key);

/* ---- for the parts of the engine ---- */

/* Takes the text for a row's value (`text` NULL: a flag that is switched on). */
Status option_take(Options *options, OptionValue *value, const char *text, Error *err);
/* "1..16", "at least 0", "one of a, b" or "": what is legal. */
void option_legal(const OptionRow *row, Text *text);
/* Do two option names agree, hyphens and underscores being the same? */
bool option_names_agree(const char *a, const char *b, size_t length);

#endif
