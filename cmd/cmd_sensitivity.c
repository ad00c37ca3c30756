/* cmd_sensitivity.c - edgec sensitivity */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/method_rows.h"
#include "cmd/print.h"
#include "cmd/scheme_rows.h"
#include "cmd/sensitivity_job.h"

#include <stdio.h>

static const char *const ranks[] = {"8", "4", NULL};

static const OptionRow sensitivity_rows[] = {
    {.name = "rank",
     .type = OPTION_CHOICE,
     .choices = ranks,
     .metavar = "BITS",
     .fallback = "8",
     .group = "Output",
     .help = "the damage that layers are sorted by, and that the bars show: at 8 or at 4 bits"},
    {.name = "csv",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "print the ranking as CSV, numbers in full"},
    {.name = "samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "256",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Data",
     .help = "the first N samples calibrate"},
    {.name = "measure-samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "32",
     .minimum = 1,
     .maximum = 1e6,
     .group = "Data",
     .help = "each layer is measured on the next N; time grows with N times the number of layers"},
    {0}};

static Status print_result(const SensitivityJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    sensitivity_json(job, &text);
  else if (options_flag(job->options, "csv"))
    sensitivity_csv(job, &text);
  else
    sensitivity_table(job, &text);
  if (options_flag(job->options, "csv") && job->inputs.is_synthetic)
    fputs("edgec: no data was given: the samples are made up\n", stderr);
  return print_text(&text, err);
}

/* What each layer alone does is measured; a scheme that chooses by that is none to measure. */
static Status check_scheme(const Options *options, Error *err) {
  if (scheme_is_mixed(options) || scheme_is_float(options))
    return fail(
        err, BAD_USAGE,
        "sensitivity: option --bits: %s: layers are measured with activations in codes and weights of 8 and "
        "of 4 bits; give w8a8, w4a8, w8a16 or w4a16",
        options_string(options, "bits"));
  return scheme_check(options, err);
}

static Status sensitivity_run(const Options *options, Error *err) {
  SensitivityJob job;
  if (options_flag(options, "json")) TRY(options_refuse(options, "csv", "together with --json", err));
  TRY(method_check(options, err));
  TRY(check_scheme(options, err));
  Status status = sensitivity_job_run(&job, options, err);
  if (status == OK) status = print_result(&job, err);
  sensitivity_job_free(&job);
  return status;
}

const Command command_sensitivity = {
    .name = "sensitivity",
    .brief = "ranks the layers of a model by the damage that quantizing each alone does",
    .usage = "[OPTIONS] MODEL.onnx",
    .help = "When a quantized model loses accuracy, this finds the guilty layer. Each layer in turn is "
            "quantized, its weights and its result, while all others stay in float; the outputs are compared "
            "with those of the float model. That is done at 8 bits, and with the weights at 4.\n"
            "The bar is the noise of the outputs, in power: the noise of single layers adds up, so a layer "
            "with half of the bar does half of the harm. SQNR is in dB; agreement is the share of samples "
            "with the same highest score. The last line is what all layers together do, as --bits has them; "
            "--group and "
            "--per-tensor say how weights of 4 bits are scaled.\n"
            "What to do with it: keep the worst in float ('edgec quantize --exclude NAME') and look at what "
            "that costs in bytes, or let 'edgec quantize --bits mixed' choose. Everything is simulated; "
            "nothing is written.",
    .arguments = {{"MODEL.onnx", "a trained model, float32"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {sensitivity_rows, scheme_rows, method_rows, inputs_rows, common_work_rows, common_quiet_rows,
                common_json_rows},
    .examples = {"edgec sensitivity model.onnx --data samples.npz",
                 "edgec sensitivity model.onnx --data samples.npz --rank 4 --csv >layers.csv"},
    .place = 15,
    .run = sensitivity_run,
};
