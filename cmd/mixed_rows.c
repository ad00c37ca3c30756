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
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .group = GROUP,
     .help = "layers and plans are measured on the last N of the calibration samples; 0: on 32 to 128, the "
             "fewer the "
             "more a model computes"},
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

RecoveryOptions mixed_recovery(const Options *options) {
  RecoveryOptions recovery = recovery_take(options);
  recovery.gptq_from_normal = scheme_is_mixed(options);
  if (scheme_is_mixed(options))
    recovery.without[RECOVERY_RANGE_METHOD] = true; /* the plan was measured with these */
  return recovery;
}

/* gptq makes single scales a channel better than groups, which it cannot round, are. */
static int default_group(const Options *options) {
  bool has_gptq = options_flag(options, "gptq") && mixed_recovery(options).effort > EFFORT_NONE;
  return has_gptq || options_flag(options, "per-tensor") ? 0 : DEFAULT_GROUP;
}

MixedSettings mixed_take(const Options *options, const QuantizeOptions *settings) {
  bool is_float_allowed = !options_was_given(options, "max-size") && !options_flag(options, "require-full");
  return (MixedSettings){.quantize = *settings,
                         .recovery = mixed_recovery(options),
                         .group = options_was_given(options, "group") ? scheme_group(options)
                                                                      : default_group(options),
                         .may_be_wide = !options_was_given(options, "max-size"),
                         .may_be_float = is_float_allowed,
                         .measured = options_int(options, "measure-samples")};
}
