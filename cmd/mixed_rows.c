#include "cmd/mixed_rows.h"

#include "cmd/overwrite.h"
#include "cmd/recovery_rows.h"
#include "cmd/scheme_rows.h"

#define GROUP "Mixed precision (--bits mixed)"
#define DEFAULT_GROUP 32 /* of the candidate with groups */

const OptionRow mixed_rows[] = {
    {.name = "measure-samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "32",
     .minimum = 1,
     .maximum = 1e6,
     .group = GROUP,
     .help = "layers and plans are measured on the last N of the calibration samples; time grows with N "
             "times the "
             "number of layers"},
    {.name = "time-limit",
     .type = OPTION_SECONDS,
     .metavar = "TIME",
     .minimum = 0.001,
     .maximum = 1e7,
     .group = GROUP,
     .help = "stop searching after this time, such as 30s, and take the best so far: the result then depends "
             "on the "
             "machine",
     .example = "edgec quantize model.onnx --data x.npz --bits mixed --max-drop 0.5 --time-limit 30s"},
    {.name = "pareto",
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = GROUP,
     .help = "write a picture (SVG) of what each size costs"},
    {0}};

static const char *const goals[] = {"max-size", "max-drop", "min-agreement", "min-sqnr"};

static bool has_goal(const Options *options) {
  for (size_t i = 0; i < sizeof goals / sizeof *goals; i++)
    if (options_was_given(options, goals[i])) return true;
  return false;
}

static Status check_without(const Options *options, Error *err) {
  for (const OptionRow *row = mixed_rows; row->name != NULL; row++)
    TRY(options_refuse(options, row->name, "without --bits mixed", err));
  return OK;
}

Status mixed_check(const Options *options, Error *err) {
  if (!scheme_is_mixed(options)) return check_without(options, err);
  TRY(options_refuse(options, "calib", "with --bits mixed, which measures on the calibration samples", err));
  const char *picture = options_string(options, "pareto");
  if (picture != NULL) TRY(overwrite_check(picture, OUTPUT_SVG, options_flag(options, "force"), err));
  if (has_goal(options)) return OK;
  return fail(
      err, BAD_USAGE,
      "%s: --bits mixed: how small, or how good? Give --max-size (60K, or 60%% of the 8-bit weights), "
      "--max-drop, --min-agreement or --min-sqnr",
      options->command);
}

MixedSettings mixed_take(const Options *options, const QuantizeOptions *settings) {
  bool is_given = options_was_given(options, "group");
  return (MixedSettings){.quantize = *settings,
                         .recovery = recovery_take(options),
                         .group = options_flag(options, "per-tensor") ? 0
                                  : is_given                          ? scheme_group(options)
                                                                      : DEFAULT_GROUP,
                         .may_be_float = !options_was_given(options, "max-size") &&
                                         !options_flag(options, "require-full"),
                         .measured = options_int(options, "measure-samples")};
}
