/* The option engine: parsing, values, messages, help pages and the effective configuration. */
#include "cmd/options.h"

#include "cmd/command.h"
#include "cmd/common.h"

#include <check.h>
#include <float.h>
#include <string.h>

Suite *suite_options(void);

static const char *const methods[] = {"minmax", "percentile", "mse-search", NULL};

static const OptionRow rows[] = {
    {.name = "samples",
     .short_name = 'n',
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "256",
     .minimum = 1,
     .maximum = 1000,
     .group = "Data",
     .help = "samples to calibrate on"},
    {.name = "data",
     .short_name = 'd',
     .type = OPTION_PAIRS,
     .metavar = "[INPUT=]FILE",
     .name_optional = true,
     .group = "Data",
     .help = "sample data"},
    {.name = "layer",
     .type = OPTION_PAIRS,
     .metavar = "NAME=SCHEME",
     .group = "Scheme",
     .help = "a scheme of its own for a layer"},
    {.name = "exclude", .type = OPTION_LIST, .metavar = "NAME", .group = "Scheme", .help = "keep in float"},
    {.name = "method",
     .type = OPTION_CHOICE,
     .metavar = "NAME",
     .fallback = "minmax",
     .choices = methods,
     .group = "Scheme",
     .help = "how ranges are found"},
    {.name = "per-channel",
     .type = OPTION_FLAG,
     .fallback = "true",
     .group = "Scheme",
     .help = "a scale for each output channel"},
    {.name = "max-drop",
     .type = OPTION_PERCENT,
     .metavar = "POINTS",
     .minimum = 0,
     .maximum = 100,
     .group = "Gates",
     .help = "largest loss of accuracy"},
    {.name = "max-size",
     .type = OPTION_SIZE,
     .metavar = "BYTES",
     .minimum = 1,
     .maximum = DBL_MAX,
     .group = "Gates",
     .help = "largest file"},
    {.name = "limit", .type = OPTION_SECONDS, .metavar = "TIME", .help = "stop after"},
    {.name = "scale",
     .type = OPTION_DOUBLE,
     .metavar = "X",
     .fallback = "1",
     .group = "Data",
     .help = "factor"},
    {.name = "mean",
     .type = OPTION_NUMBERS,
     .metavar = "X,...",
     .group = "Data",
     .help = "subtracted",
     .example = "edgec quantize m.onnx --mean 0.485,0.456,0.406"},
    {.name = "output", .short_name = 'o', .type = OPTION_STRING, .metavar = "FILE", .help = "where to write"},
    {.name = "force", .short_name = 'f', .type = OPTION_FLAG, .help = "overwrite"},
    {0}};

static const OptionRow *const lists[] = {rows, common_message_rows, common_message_rows, NULL};

/* Parses words that end with NULL. */
static Status parse(Options *options, const char *const *words, Error *err) {
  int count = 0;
  while (words[count] != NULL) count++;
  return options_parse(options, "quantize", lists, count, words, err);
}

#define PARSE(options, ...)                                                                                  \
  do {                                                                                                       \
    Error parse_err = {0};                                                                                   \
    ck_assert_msg(parse(options, (const char *const[]){__VA_ARGS__, NULL}, &parse_err) == OK, "%s",          \
                  parse_err.text);                                                                           \
  } while (0)

#define REFUSE(line, ...)                                                                                    \
  do {                                                                                                       \
    Error parse_err = {0};                                                                                   \
    Options refused;                                                                                         \
    ck_assert_int_eq(parse(&refused, (const char *const[]){__VA_ARGS__, NULL}, &parse_err), BAD_USAGE);      \
    ck_assert_str_eq(parse_err.text, line);                                                                  \
  } while (0)

START_TEST(defaults) {
  Options options;
  int count;
  PARSE(&options, "model.onnx");
  ck_assert_int_eq(options_int(&options, "samples"), 256);
  ck_assert_str_eq(options_string(&options, "method"), "minmax");
  ck_assert_int_eq(options_choice(&options, "method"), 0);
  ck_assert(options_flag(&options, "per-channel"));
  ck_assert(!options_flag(&options, "force"));
  ck_assert(!options_was_given(&options, "samples"));
  ck_assert_ptr_null(options_string(&options, "output"));
  ck_assert_ptr_null(options_numbers(&options, "mean", &count));
  ck_assert_int_eq(count, 0);
  ck_assert_double_eq(options_double(&options, "scale"), 1);
  ck_assert_int_eq(options.argument_count, 1);
  options_free(&options);
}
END_TEST

START_TEST(every_way_to_write_a_value) {
  static const char *const ways[][3] = {
      {"--samples=64"}, {"--samples", "64"}, {"-n", "64"}, {"-n64"}, {"-n=64"}};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    Options options;
    ck_assert_int_eq(parse(&options, ways[i], NULL), OK);
    ck_assert_int_eq(options_int(&options, "samples"), 64);
    ck_assert(options_was_given(&options, "samples"));
    ck_assert_int_eq(options.argument_count, 0);
    options_free(&options);
  }
}
END_TEST

START_TEST(flags) {
  Options options;
  PARSE(&options, "-qfn7", "--no-per_channel", "--no-verbose");
  ck_assert(options_flag(&options, "quiet"));
  ck_assert(options_flag(&options, "force"));
  ck_assert_int_eq(options_int(&options, "samples"), 7);
  ck_assert(!options_flag(&options, "per-channel"));
  ck_assert(!options_flag(&options, "verbose"));
  options_free(&options);
}
END_TEST

START_TEST(hyphens_and_underscores_are_the_same) {
  Options options;
  PARSE(&options, "--max_drop", "50%", "--method=mse_search");
  ck_assert_double_eq(options_double(&options, "max-drop"), 50);
  ck_assert_str_eq(options_string(&options, "method"), "mse-search");
  ck_assert_int_eq(options_choice(&options, "method"), 2);
  options_free(&options);
}
END_TEST

START_TEST(values_with_units_and_lists) {
  Options options;
  int count;
  PARSE(&options, "--max-size=60K", "--limit", "5ms", "--mean", "0.5,-1,2e-3", "--scale", "-2");
  ck_assert_int_eq(options_int(&options, "max-size"), 60000);
  ck_assert_double_eq_tol(options_double(&options, "limit"), 0.005, 1e-12);
  const double *mean = options_numbers(&options, "mean", &count);
  ck_assert_int_eq(count, 3);
  ck_assert_double_eq(mean[0], 0.5);
  ck_assert_double_eq(mean[1], -1);
  ck_assert_double_eq(mean[2], 0.002);
  ck_assert_double_eq(options_double(&options, "scale"), -2);
  options_free(&options);
}
END_TEST

START_TEST(pairs_and_lists_collect) {
  Options options;
  int count;
  PARSE(&options, "--data", "user=u.npy", "-d", "x.npz", "-d./a=b.npy", "--exclude", "a", "--exclude=b=c",
        "--exclude", "d", "--layer", "conv1=w4=x");
  const OptionPair *data = options_pairs(&options, "data", &count);
  ck_assert_int_eq(count, 3);
  ck_assert_str_eq(data[0].name, "user");
  ck_assert_str_eq(data[0].value, "u.npy");
  ck_assert_ptr_null(data[1].name);
  ck_assert_str_eq(data[1].value, "x.npz");
  ck_assert_ptr_null(data[2].name);
  ck_assert_str_eq(data[2].value, "./a=b.npy");
  const OptionPair *excluded = options_pairs(&options, "exclude", &count);
  ck_assert_int_eq(count, 3);
  ck_assert_str_eq(excluded[1].value, "b=c");
  ck_assert_str_eq(excluded[2].value, "d");
  ck_assert_str_eq(options_pairs(&options, "layer", &count)[0].value, "w4=x");
  options_free(&options);
}
END_TEST

START_TEST(arguments_and_the_end_of_options) {
  Options options;
  PARSE(&options, "a", "-f", "-", "b", "--", "--force", "-x");
  ck_assert_int_eq(options.argument_count, 5);
  ck_assert_str_eq(options.arguments[1], "-");
  ck_assert_str_eq(options.arguments[3], "--force");
  ck_assert_str_eq(options.arguments[4], "-x");
  options_free(&options);
}
END_TEST

START_TEST(the_last_value_counts) {
  Options options;
  int count;
  PARSE(&options, "-n1", "-n2", "--mean=1,2", "--mean=3", "--force", "--no-force");
  ck_assert_int_eq(options_int(&options, "samples"), 2);
  ck_assert_double_eq(options_numbers(&options, "mean", &count)[0], 3);
  ck_assert_int_eq(count, 1);
  ck_assert(!options_flag(&options, "force"));
  options_free(&options);
}
END_TEST

START_TEST(refuses_unknown_options) {
  REFUSE("quantize: unknown option '--sampels'; did you mean '--samples'?", "--sampels=3");
  REFUSE("quantize: unknown option '--sample'; did you mean '--samples'?", "--sample",
         "3"); /* no abbreviations */
  REFUSE("quantize: unknown option '--frobnicate'; 'edgec quantize --help' lists what there is",
         "--frobnicate");
  REFUSE("quantize: unknown option '-z' in '-fz'; 'edgec quantize --help' lists what there is", "-fz");
  REFUSE("quantize: unknown option '--no-samples'; did you mean '--samples'?", "--no-samples");
}
END_TEST

START_TEST(refuses_bad_values) {
  REFUSE("option --samples: '12x' is not a whole number, legal is 1..1000", "-n12x");
  REFUSE("option --samples: '' is not a whole number, legal is 1..1000", "--samples=");
  REFUSE("option --samples: 0 is out of range, legal is 1..1000", "--samples", "0");
  REFUSE("option --samples: 1001 is out of range, legal is 1..1000", "--samples", "1001");
  REFUSE("option --samples needs a value: --samples N", "--samples");
  REFUSE("option --output needs a value, but '--force' follows (write --output=--force if that is meant)",
         "-o", "--force");
  REFUSE("option --method: 'minmx' is not one of minmax, percentile, mse-search; did you mean 'minmax'?",
         "--method=minmx");
  REFUSE("option --method: 'histogram' is not one of minmax, percentile, mse-search", "--method=histogram");
  REFUSE("option --max-size: 'big' is not a size such as 60000, 60K or 64KiB, legal is at least 1",
         "--max-size=big");
  REFUSE("option --max-drop: 101 is out of range, legal is 0..100", "--max-drop=101");
  REFUSE("option --scale: '50%' is not a number", "--scale=50%");
  REFUSE("option --scale: 'nan' is not a number", "--scale=nan");
  REFUSE("option --limit: '3 weeks' is not a time such as 5ms or 2s", "--limit=3 weeks");
  REFUSE("option --mean: '1,,2' is not a list of numbers such as 0.5,0.5,0.5", "--mean=1,,2");
  REFUSE("option --layer: 'conv1' is not of the form NAME=VALUE", "--layer", "conv1");
  REFUSE("option --data: '' is not of the form NAME=VALUE", "--data=");
  REFUSE("option --force takes no value", "--force=yes");
  REFUSE("option --no-force takes no value", "--no-force=yes");
}
END_TEST

START_TEST(tells_what_has_no_effect) {
  Options options;
  Error err = {0};
  PARSE(&options, "--samples=3", "-f");
  ck_assert_int_eq(options_refuse(&options, "output", "without a model", &err), OK);
  ck_assert_int_eq(options_refuse(&options, "samples", "without --data", &err), BAD_USAGE);
  ck_assert_str_eq(err.text, "quantize: option --samples has no effect without --data");
  ck_assert_int_eq(options_check_used(&options, "here", &err), BAD_USAGE);
  ck_assert_str_eq(err.text, "quantize: option --force has no effect here");
  options_mark_used(&options, "force");
  ck_assert_int_eq(options_check_used(&options, "here", &err), OK);
  options_free(&options);
}
END_TEST

START_TEST(writes_the_effective_configuration) {
  static const OptionRow *const few[] = {rows, common_help_rows, NULL};
  static const char *const words[] = {"-d", "a=b.npy", "-d", "c", "--mean=1,2.5", "--no-per-channel"};
  Options options;
  Text text = {0};
  Json json;
  ck_assert_int_eq(options_parse(&options, "quantize", few, 6, words, NULL), OK);
  json_begin(&json, &text);
  options_to_json(&options, &json, NULL);
  json_end(&json);
  ck_assert_str_eq(text.bytes, "{\n"
                               "  \"samples\": 256,\n"
                               "  \"data\": [\n"
                               "    \"a=b.npy\",\n"
                               "    \"c\"\n"
                               "  ],\n"
                               "  \"layer\": [],\n"
                               "  \"exclude\": [],\n"
                               "  \"method\": \"minmax\",\n"
                               "  \"per-channel\": false,\n"
                               "  \"max-drop\": null,\n"
                               "  \"max-size\": null,\n"
                               "  \"limit\": null,\n"
                               "  \"scale\": 1,\n"
                               "  \"mean\": [1, 2.5],\n"
                               "  \"output\": null,\n"
                               "  \"force\": false\n"
                               "}\n");
  text_free(&text);
  options_value_text(&options.values[1], &text);
  ck_assert_str_eq(text.bytes, "a=b.npy c");
  text_free(&text);
  options_free(&options);
}
END_TEST

/* The widest row, which is broken. */
#define METHOD_HELP                                                                                          \
  "      --method NAME       how ranges are found (one of minmax, percentile,\n"                             \
  "                          mse-search; default: minmax)\n"

static Status no_run(const Options *options, Error *err) {
  (void)options;
  (void)err;
  return OK;
}

START_TEST(help_shows_the_rows) {
  static const Command command = {
      .name = "quantize",
      .brief = "makes a model small",
      .usage = "[OPTIONS] MODEL",
      .help = "A paragraph that is a good deal longer than eighty columns and so must be "
              "broken.\n  kept   as it is",
      .arguments = {{"MODEL", "an .onnx file"}},
      .options = {rows, common_message_rows},
      .examples = {"edgec quantize m.onnx"},
      .run = no_run};
  static const char *const wanted[] = {
      "edgec quantize makes a model small.\n\nUsage: edgec quantize [OPTIONS] MODEL\n",
      "longer than eighty columns and so must be\nbroken.\n  kept   as it is\n",
      "Arguments:\n  MODEL                   an .onnx file\n",
      "Data:\n  -n, --samples N         samples to calibrate on (1..1000; default: 256)\n",
      "  -d, --data [INPUT=]FILE\n                          sample data (may be given several times)\n",
      "      --mean X,...        subtracted\n",
      METHOD_HELP,
      "      --[no-]per-channel  a scale for each output channel (on by default)\n",
      "Common:\n  -q, --quiet ",
      "  -h, --help              print this help\n",
      "Examples:\n  edgec quantize m.onnx\n  edgec quantize m.onnx --mean 0.485,0.456,0.406\n"};
  Text text = {0};
  command_help(&command, 80, &text);
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    ck_assert_msg(strstr(text.bytes, wanted[i]) != NULL, "missing:\n%s\nin:\n%s", wanted[i], text.bytes);
  for (const char *line = text.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
    ck_assert_uint_le(strcspn(line, "\n"), 80);
  text_free(&text);
}
END_TEST

START_TEST(commands_are_found_and_complete) {
  Error err = {0};
  ck_assert_ptr_nonnull(command_find("version"));
  ck_assert_ptr_null(command_find("versio"));
  for (int i = 0; command_table[i] != NULL; i++) {
    const Command *command = command_table[i];
    ck_assert_ptr_eq(command_find(command->name), command);
    ck_assert_ptr_nonnull(command->brief);
    ck_assert_ptr_nonnull(command->usage);
    ck_assert(command->run != NULL);
    ck_assert_int_le(command->min_arguments, command->max_arguments);
    for (int j = 0; j < COMMAND_MAX_LISTS && command->options[j] != NULL; j++)
      for (const OptionRow *row = command->options[j]; row->name != NULL; row++) {
        ck_assert_ptr_nonnull(row->help);
        ck_assert_msg((row->metavar == NULL) == (row->type == OPTION_FLAG), "--%s", row->name);
        ck_assert_msg((row->choices != NULL) == (row->type == OPTION_CHOICE), "--%s", row->name);
      }
  }
  ck_assert_int_eq(command_fail_unknown("hlep", &err), BAD_USAGE);
  ck_assert_str_eq(err.text, "there is no command 'hlep'; did you mean 'help'?");
}
END_TEST

START_TEST(dispatch_counts_arguments) {
  static const char *const words[] = {"edgec", "version", "x"};
  Error err = {0};
  ck_assert_int_eq(command_dispatch(3, words, &err), BAD_USAGE);
  ck_assert_str_eq(err.text, "version: 'x' is one argument too many; usage: edgec version [--json]");
}
END_TEST

Suite *suite_options(void) {
  Suite *suite = suite_create("options");
  TCase *tests = tcase_create("options");
  tcase_add_test(tests, defaults);
  tcase_add_test(tests, every_way_to_write_a_value);
  tcase_add_test(tests, flags);
  tcase_add_test(tests, hyphens_and_underscores_are_the_same);
  tcase_add_test(tests, values_with_units_and_lists);
  tcase_add_test(tests, pairs_and_lists_collect);
  tcase_add_test(tests, arguments_and_the_end_of_options);
  tcase_add_test(tests, the_last_value_counts);
  tcase_add_test(tests, refuses_unknown_options);
  tcase_add_test(tests, refuses_bad_values);
  tcase_add_test(tests, tells_what_has_no_effect);
  tcase_add_test(tests, writes_the_effective_configuration);
  suite_add_tcase(suite, tests);
  TCase *commands = tcase_create("commands");
  tcase_add_test(commands, help_shows_the_rows);
  tcase_add_test(commands, commands_are_found_and_complete);
  tcase_add_test(commands, dispatch_counts_arguments);
  suite_add_tcase(suite, commands);
  return suite;
}
