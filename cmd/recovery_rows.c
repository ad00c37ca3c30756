#include "cmd/recovery_rows.h"

static const char *const efforts[] = {
#define X(name, text) text,
    EFFORTS(X)
#undef X
        NULL};

/* From which effort on a method is tried. */
#define ON_NORMAL ""
#define ON_HIGH "with --effort high: "
#define ON_MAX "with --effort max: "

const OptionRow recovery_rows[] = {
    {.name = "effort",
     .type = OPTION_CHOICE,
     .choices = efforts,
     .metavar = "E",
     .fallback = "normal",
     .group = "Recovery",
     .help = "how much is tried to take back what rounding costs; a method is kept only if the outputs are "
             "nearer to the float model's on calibration samples that it was not fitted to"},
#define X(id, option, title, effort, text)                                                                   \
  {.name = option, .type = OPTION_FLAG, .fallback = "true", .group = "Recovery", .help = ON_##effort text},
    RECOVERY_METHODS(X)
#undef X
        {.name = "fine-tuning-epochs",
         .type = OPTION_INT,
         .metavar = "N",
         .fallback = "2",
         .minimum = 1,
         .maximum = 1e6,
         .group = "Recovery",
         .help = "how often fine-tuning sees every sample of --data that does not verify"},
    {.name = "fine-tuning-rate",
     .type = OPTION_DOUBLE,
     .metavar = "R",
     .minimum = 1e-12,
     .maximum = 1,
     .group = "Recovery",
     .help = "its largest learning rate, as a share of a weight's own size; without it 1e-4, with weights of "
             "4 bits "
             "3e-3"},
    {0}};

Status recovery_check(const Options *options, Error *err) {
  if (options_choice(options, "effort") == EFFORT_MAX && options_flag(options, "fine-tuning")) return OK;
  TRY(options_refuse(options, "fine-tuning-epochs", "without fine-tuning: --effort max", err));
  return options_refuse(options, "fine-tuning-rate", "without fine-tuning: --effort max", err);
}

RecoveryOptions recovery_take(const Options *options) {
  static const char *const switches[] = {
#define X(id, option, title, effort, text) option,
      RECOVERY_METHODS(X)
#undef X
  };
  RecoveryOptions taken = {.effort = (Effort)options_choice(options, "effort")};
  for (int m = 0; m < RECOVERY_METHOD_COUNT; m++) taken.without[m] = !options_flag(options, switches[m]);
  if (options_was_given(options, "method") && !options_was_given(options, "range-method"))
    taken.without[RECOVERY_RANGE_METHOD] = true; /* what was asked for stays */
  return taken;
}
