#include "cmd/node_choices.h"

#include <string.h>

#define GROUP "Single nodes (by name, operator or output; * and ? are wildcards)"

const OptionRow node_choice_rows[] = {
    {.name = "exclude",
     .type = OPTION_LIST,
     .metavar = "PATTERN",
     .group = GROUP,
     .help = "keep these nodes in float; 'edgec sensitivity' tells which are worth it",
     .example = "edgec quantize model.onnx --data x.npz --exclude conv1 --exclude Softmax"},
    {.name = "include",
     .type = OPTION_LIST,
     .metavar = "PATTERN",
     .group = GROUP,
     .help = "quantize only these and keep all others in float"},
    {.name = "bits-for",
     .type = OPTION_LIST,
     .metavar = "PATTERN=BITS",
     .group = GROUP,
     .help =
         "bits of these nodes: 4 or 8 of the weights, a8 or a16 of the results, or both (w4a16); the last "
         "pattern that matches counts",
     .example = "edgec quantize model.onnx --data x.npz --bits-for '/head/*=a16'"},
    {.name = "require-full",
     .type = OPTION_FLAG,
     .group = "Gates (missed: exit code 1)",
     .help = "nothing may be computed in float"},
    {0}};

static const char **patterns_of(const Options *options, const char *option, int *count, Error *err) {
  Arena *arena = (Arena *)(uintptr_t)&options->arena;
  const OptionPair *pairs = options_pairs(options, option, count);
  const char **patterns = arena_new(arena, (size_t)*count, sizeof *patterns, err);
  for (int i = 0; patterns != NULL && i < *count; i++) patterns[i] = pairs[i].value;
  return patterns;
}

/* What stands behind the '=': bits of weights, of results, or both. */
static bool read_bits(const char *text, BitsChoice *choice) {
  static const struct {
    const char *text;
    int weights, results;
  } known[] = {{"4", 4, 0},    {"8", 8, 0},    {"w4", 4, 0},   {"w8", 8, 0},     {"a8", 0, 8},
               {"a16", 0, 16}, {"w4a8", 4, 8}, {"w8a8", 8, 8}, {"w4a16", 4, 16}, {"w8a16", 8, 16}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(text, known[i].text) != 0) continue;
    choice->bits = known[i].weights;
    choice->activation_bits = known[i].results;
    return true;
  }
  return false;
}

/* At the last '=': names of nodes may contain one too. */
static Status split_bits(Arena *arena, const char *text, BitsChoice *choice, Error *err) {
  const char *equals = strrchr(text, '=');
  if (equals == NULL || equals == text || !read_bits(equals + 1, choice))
    return fail(err, BAD_USAGE,
                "option --bits-for: '%s' is no PATTERN=BITS with 4 or 8 bits, or a8, a16, w4a8, w4a16, w8a16",
                text);
  choice->pattern = arena_text_of(arena, text, (size_t)(equals - text), err);
  return choice->pattern == NULL ? err->status : OK;
}

static Status bits_of(const Options *options, NodeChoices *choices, Error *err) {
  Arena *arena = (Arena *)(uintptr_t)&options->arena;
  const OptionPair *pairs = options_pairs(options, "bits-for", &choices->bits_count);
  BitsChoice *bits = arena_new(arena, (size_t)choices->bits_count, sizeof *bits, err);
  if (bits == NULL) return err->status;
  for (int i = 0; i < choices->bits_count; i++) TRY(split_bits(arena, pairs[i].value, &bits[i], err));
  choices->bits = bits;
  return OK;
}

Status node_choices_apply(const Options *options, Graph *graph, Error *err) {
  NodeChoices choices = {0};
  choices.exclude = patterns_of(options, "exclude", &choices.exclude_count, err);
  choices.include = patterns_of(options, "include", &choices.include_count, err);
  if (choices.exclude == NULL || choices.include == NULL) return err->status;
  TRY(bits_of(options, &choices, err));
  return quantize_choose(graph, &choices, err);
}

void node_choices_metadata(const Options *options, Text *text) {
  static const char *const names[] = {"exclude", "include", "bits-for"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int count;
    const OptionPair *pairs = options_pairs(options, names[i], &count);
    if (count > 0) text_add(text, "%s=", names[i]);
    for (int k = 0; k < count; k++) text_add(text, "%s%s", pairs[k].value, k + 1 < count ? " " : "\n");
  }
}
