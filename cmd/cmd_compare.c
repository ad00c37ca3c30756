/* cmd_compare.c - edgec compare */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/compare_job.h"
#include "cmd/print.h"

#include <stdio.h>

static const OptionRow compare_rows[] = {{.name = "csv",
                                          .type = OPTION_FLAG,
                                          .group = "Output",
                                          .help = "print the table as CSV, numbers in full"},
                                         {0}};

static Status print_result(const CompareJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    compare_json(job, &text);
  else if (options_flag(job->options, "csv"))
    compare_csv(job, &text);
  else
    compare_table(job, &text);
  if (options_flag(job->options, "csv") && job->inputs.is_synthetic)
    fputs("edgec: no data was given: the samples are made up\n", stderr);
  return print_text(&text, err);
}

static Status compare_run(const Options *options, Error *err) {
  CompareJob job;
  if (options_flag(options, "json")) TRY(options_refuse(options, "csv", "together with --json", err));
  Status status = compare_job_run(&job, options, err);
  if (status == OK) status = print_result(&job, err);
  compare_job_free(&job);
  return status;
}

const Command command_compare = {
    .name = "compare",
    .brief = "puts any number of models side by side: accuracy, size, memory, work",
    .usage = "[OPTIONS] MODEL...",
    .help = "Runs all models on the same samples and prints one row for each. The first .onnx model is the "
            "reference that agreement and SQNR are against; the first model where all are .edge files.\n"
            "Agreement is the share of samples with the reference's own highest score. Arena is all the "
            "memory that an .edge file needs besides itself, MAC the multiply-accumulates of one sample.",
    .arguments = {{"MODEL", "an .onnx or .edge file"}},
    .min_arguments = 1,
    .max_arguments = COMPARE_MAX,
    .options = {compare_rows, inputs_rows, inputs_label_rows, sample_range_rows, common_work_rows,
                common_quiet_rows, common_json_rows},
    .examples = {"edgec compare model.onnx model.edge --data test.npz",
                 "edgec compare *.onnx *.edge --data test.npz --csv >table.csv"},
    .place = 30,
    .run = compare_run,
};
