#include "cmd/scheme_rows.h"

#include "quantize/float_scheme.h"
#include "quantize/scheme.h"

#include <string.h>

static const char *const schemes[] = {
#define X(name, text, weights, activations, brief) text,
    SCHEMES(X)
#undef X
        NULL};
static const char *const groups[] = {"none", "32", "64", "128", NULL};
static const char *const outer_bits[] = {"like-others", "8", "4", NULL};

const OptionRow scheme_rows[] = {
    {.name = "bits",
     .type = OPTION_CHOICE,
     .choices = schemes,
     .metavar = "SCHEME",
     .fallback = "w8a8",
     .group = "Quantization",
     .help =
         "bits of weights and activations: w8a8, w4a8 for weights of half the size, w8a16 or w4a16 where 8 "
         "bits cost an activation too much; w8 and w4 leave activations in float32 (nothing is calibrated, "
         "the file runs in float); mixed: a search gives each layer 4 or 8 bits, to be as good as possible "
         "within --max-size, or as small as possible with what --max-drop, --min-agreement or --min-sqnr ask "
         "for"},
    {.name = "dynamic",
     .type = OPTION_FLAG,
     .group = "Quantization",
     .help = "ranges of activations are taken while the model runs: products in integers, everything else in "
             "float32, nothing is calibrated"},
    {.name = "group",
     .type = OPTION_CHOICE,
     .choices = groups,
     .metavar = "N",
     .fallback = "none",
     .group = "Quantization",
     .help = "4-bit weights: so many neighbours share a scale, instead of a whole output channel"},
    {.name = "first-last",
     .type = OPTION_CHOICE,
     .choices = outer_bits,
     .metavar = "BITS",
     .fallback = "like-others",
     .group = "Quantization",
     .help =
         "weight bits of the first and of the last linear operator; without it they are treated like all"},
    {.name = "per-tensor",
     .type = OPTION_FLAG,
     .group = "Quantization",
     .help = "one scale for a whole weight instead of one an output channel"},
    {.name = "output-8bit",
     .type = OPTION_FLAG,
     .group = "Quantization",
     .help = "outputs of the model in 8 bits too; else they have 16 where that costs nothing"},
    {.name = "sums-8bit",
     .type = OPTION_FLAG,
     .group = "Quantization",
     .help =
         "operands of sums (residual connections) and normalizations in 8 bits too: less memory, 1 to 3 dB "
         "less SQNR"},
    {0}};

static const Scheme *scheme_of(const Options *options) {
  return &quantize_schemes[options_choice(options, "bits")];
}

bool scheme_is_mixed(const Options *options) {
  return strcmp(scheme_of(options)->name, "mixed") == 0;
}

static ActivationForm activations_of(const Options *options) {
  return options_flag(options, "dynamic") ? ACTIVATIONS_DYNAMIC : scheme_of(options)->activations;
}

bool scheme_is_float(const Options *options) {
  return float_scheme_is(activations_of(options));
}

/* What is about activations in codes, or fits to samples. */
static Status check_float(const Options *options, Error *err) {
  static const char *const refused[] = {
#define X(id, option, title, effort, text) option,
      RECOVERY_METHODS(X)
#undef X
          "fine-tuning-epochs",
      "fine-tuning-rate",
      "method",
      "percentile",
      "calib",
      "samples",
      "output-8bit",
      "sums-8bit",
      "qdq-weights"};
  bool is_fitted = options_choice(options, "effort") != EFFORT_NONE;
  if (is_fitted)
    TRY(options_refuse(options, "effort", "where activations stay in float32 (--bits w8, w4; --dynamic)",
                       err));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    TRY(options_refuse(options, refused[i], "where activations stay in float32 (--bits w8, w4; --dynamic)",
                       err));
  const char *output = options_string(options, "output");
  bool is_onnx = options_was_given(options, "format") ? strcmp(options_string(options, "format"), "edge") != 0
                                                      : output != NULL && text_ends_with(output, ".onnx");
  if (!is_onnx) return OK;
  return fail(
      err, BAD_USAGE,
      "option --format: only .edge files have activations in float32 beside weights in codes (--bits w8, "
      "w4; --dynamic)");
}

Status scheme_check(const Options *options, Error *err) {
  if (scheme_of(options)->weight_bits != 4 && !scheme_is_mixed(options))
    TRY(options_refuse(options, "group", "without --bits w4a8, w4a16, w4 or mixed", err));
  if (scheme_of(options)->activations != ACTIVATIONS_8BIT || scheme_is_mixed(options))
    TRY(options_refuse(options, "dynamic", "without --bits w8a8 or w4a8", err));
  if (scheme_is_float(options)) TRY(check_float(options, err));
  if (scheme_of(options)->activations == ACTIVATIONS_16BIT) {
    TRY(options_refuse(options, "output-8bit", "with activations of 16 bits", err));
    TRY(options_refuse(options, "sums-8bit", "with activations of 16 bits", err));
  }
  if (options_flag(options, "per-tensor")) TRY(options_refuse(options, "group", "with --per-tensor", err));
  return OK;
}

int scheme_group(const Options *options) {
  return (int[]){0, 32, 64, 128}[options_choice(options, "group")];
}

void scheme_take(const Options *options, QuantizeOptions *settings) {
  settings->per_tensor = options_flag(options, "per-tensor");
  settings->output_8bit = options_flag(options, "output-8bit");
  settings->sums_8bit = options_flag(options, "sums-8bit");
  settings->weight_bits = scheme_of(options)->weight_bits;
  settings->activations = activations_of(options);
  settings->group_size = scheme_is_mixed(options) ? 0 : scheme_group(options);
  settings->outer_bits = (int[]){0, 8, 4}[options_choice(options, "first-last")];
}

void scheme_metadata(const Options *options, Text *text) {
  text_add(text, "bits=%s\n", options_string(options, "bits"));
  if (options_flag(options, "dynamic")) text_add(text, "dynamic=yes\n");
  if (options_choice(options, "group") > 0) text_add(text, "group=%s\n", options_string(options, "group"));
}
