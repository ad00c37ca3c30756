/* cmd_calibrate.c - edgec calibrate */
#include "cmd/calibrate_job.h"
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/method_rows.h"
#include "cmd/print.h"

static const OptionRow calibrate_rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help = "the file to write; without it model.onnx becomes model.calib beside it"},
    {.name = "force",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "overwrite a file that is no .calib file"},
    {.name = "samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "256",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Data",
     .help = "calibrate on the first N samples; all shards together"},
    {.name = "shard",
     .type = OPTION_STRING,
     .metavar = "K/N",
     .group = "Data",
     .help = "look only at the K-th of N equal parts of the samples; --merge puts the parts together"},
    {.name = "merge",
     .type = OPTION_FLAG,
     .group = "Data",
     .help = "the arguments are .calib files of all shards: write what one run over all samples would have "
             "written"},
    {0}};

static Status check_merge(const Options *options, Error *err) {
  static const char *const names[] = {"data",  "scale",   "mean",  "std",    "layout",
                                      "shape", "samples", "shard", "threads"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    TRY(options_refuse(options, names[i], "with --merge", err));
  if (options_was_given(options, "output")) return OK;
  return fail(err, BAD_USAGE, "calibrate: --merge: where to? -o all.calib is missing");
}

static Status check_options(const Options *options, Error *err) {
  TRY(method_check(options, err));
  if (options_flag(options, "merge")) return check_merge(options, err);
  if (options->argument_count > 1)
    return fail(err, BAD_USAGE, "calibrate: one model at a time; %s is one argument too many",
                options->arguments[1]);
  if (!options_was_given(options, "data"))
    return fail(err, BAD_USAGE, "calibrate: on what? --data samples.npy is missing");
  return OK;
}

static Status print_result(const CalibrateJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    calibrate_json(job, &text);
  else if (!options_flag(job->options, "quiet"))
    calibrate_summary(job, &text);
  return print_text(&text, err);
}

static Status calibrate_run(const Options *options, Error *err) {
  CalibrateJob job;
  TRY(check_options(options, err));
  Status status = calibrate_job_run(&job, options, err);
  if (status == OK) status = print_result(&job, err);
  calibrate_job_free(&job);
  return status;
}

const Command command_calibrate = {
    .name = "calibrate",
    .brief = "runs a model on samples and keeps what range and distribution each tensor has",
    .usage = "[OPTIONS] MODEL.onnx --data FILE [-o OUT.calib], or --merge SHARD.calib... -o OUT.calib",
    .help =
        "Calibration is what `edgec quantize` does first. Done by itself, its result is a file of text that "
        "can be looked at, edited (a line `range LOW HIGH` below a tensor's name sets its range by hand) "
        "and used again with `edgec quantize --calib`, with any method.\n"
        "Many samples can be shared out: each machine calibrates on one shard of the same data, and "
        "--merge makes of the files exactly the one that a single run would have written.",
    .arguments = {{"MODEL.onnx", "a trained model, float32"},
                  {"SHARD.calib", "with --merge: the files of all shards, in any order"}},
    .min_arguments = 1,
    .max_arguments = ARGUMENTS_ANY,
    .options = {calibrate_rows, method_rows, inputs_rows, common_thread_rows, common_message_rows,
                common_json_rows},
    .examples = {"edgec calibrate model.onnx --data samples.npz -o model.calib",
                 "edgec calibrate model.onnx --data samples.npz --samples 4096 --shard 3/16 -o 3.calib",
                 "edgec calibrate --merge *.calib -o ../model.calib",
                 "edgec quantize model.onnx --calib model.calib --data samples.npz"},
    .place = 15,
    .run = calibrate_run,
};
