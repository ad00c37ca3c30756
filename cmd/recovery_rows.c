#include "cmd/recovery_rows.h"

static const char *const efforts[] = {
#define X(name, text) text,
    EFFORTS(X)
#undef X
        NULL};

const OptionRow recovery_rows[] = {
    {.name = "effort",
     .type = OPTION_CHOICE,
     .choices = efforts,
     .metavar = "E",
     .fallback = "normal",
     .group = "Recovery",
     .help = "how much is tried to take back what rounding costs; a method is kept only if the outputs are "
             "nearer to the float model's on calibration samples that it was not fitted to"},
    {.name = "equalize",
     .type = OPTION_FLAG,
     .fallback = "true",
     .group = "Recovery",
     .help = "with --effort high: channels between two layers are scaled so that their ranges are alike"},
    {.name = "bias-correction",
     .type = OPTION_FLAG,
     .fallback = "true",
     .group = "Recovery",
     .help = "biases take up the mean error of each channel"},
    {.name = "weight-scales",
     .type = OPTION_FLAG,
     .fallback = "true",
     .group = "Recovery",
     .help = "scales of weights by least squared error instead of the largest weight"},
    {.name = "gptq",
     .type = OPTION_FLAG,
     .fallback = "true",
     .group = "Recovery",
     .help = "with --effort high: weights are rounded one after the other, each making up for the errors "
             "before it"},
    {0}};

RecoveryOptions recovery_take(const Options *options) {
  return (RecoveryOptions){.effort = (Effort)options_choice(options, "effort"),
                           .no_equalization = !options_flag(options, "equalize"),
                           .no_bias_correction = !options_flag(options, "bias-correction"),
                           .no_weight_scales = !options_flag(options, "weight-scales"),
                           .no_gptq = !options_flag(options, "gptq")};
}
