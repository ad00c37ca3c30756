#include "cmd/scheme_rows.h"

#include "quantize/scheme.h"

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
     .help = "bits of weights and activations: w8a8, or w4a8 for weights of half the size"},
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
     .help = "operands of sums (residual connections) in 8 bits too: less memory, about 1 dB less SQNR"},
    {0}};

static const Scheme *scheme_of(const Options *options) {
  return &quantize_schemes[options_choice(options, "bits")];
}

Status scheme_check(const Options *options, Error *err) {
  if (scheme_of(options)->weight_bits != 4) TRY(options_refuse(options, "group", "without --bits w4a8", err));
  if (options_flag(options, "per-tensor")) TRY(options_refuse(options, "group", "with --per-tensor", err));
  return OK;
}

void scheme_take(const Options *options, QuantizeOptions *settings) {
  settings->per_tensor = options_flag(options, "per-tensor");
  settings->output_8bit = options_flag(options, "output-8bit");
  settings->sums_8bit = options_flag(options, "sums-8bit");
  settings->weight_bits = scheme_of(options)->weight_bits;
  settings->activations = scheme_of(options)->activations;
  settings->group_size = (int[]){0, 32, 64, 128}[options_choice(options, "group")];
  settings->outer_bits = (int[]){0, 8, 4}[options_choice(options, "first-last")];
}

void scheme_metadata(const Options *options, Text *text) {
  text_add(text, "bits=%s\n", options_string(options, "bits"));
  if (options_choice(options, "group") > 0) text_add(text, "group=%s\n", options_string(options, "group"));
}
