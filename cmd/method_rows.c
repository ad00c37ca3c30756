#include "cmd/method_rows.h"

static const char *const methods[] = {
#define X(name, text, brief) text,
    CALIBRATION_METHODS(X)
#undef X
        NULL};

const OptionRow method_rows[] = {
    {.name = "method",
     .type = OPTION_CHOICE,
     .choices = methods,
     .metavar = "M",
     .fallback = "mse",
     .group = "Quantization",
     .help = "how the range of an activation is chosen from what was seen of it"},
    {.name = "percentile",
     .type = OPTION_PERCENT,
     .metavar = "P",
     .fallback = "99.99",
     .minimum = 50,
     .maximum = 100,
     .group = "Quantization",
     .help = "with --method percentile: share of the values that is kept"},
    {0}};

Status method_check(const Options *options, Error *err) {
  if (options_choice(options, "method") == CALIBRATE_PERCENTILE) return OK;
  return options_refuse(options, "percentile", "without --method percentile", err);
}

void method_take(const Options *options, QuantizeOptions *settings) {
  settings->method = (CalibrationMethod)options_choice(options, "method");
  settings->percentile = options_double(options, "percentile");
}
