/* cmd_verify.c - edgec verify */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/print.h"
#include "cmd/verify_job.h"

static const OptionRow verify_rows[] = {{.name = "layers",
                                         .type = OPTION_FLAG,
                                         .group = "Output",
                                         .help = "list every layer with its SQNR, worst first"},
                                        {0}};

static Status print_result(const VerifyJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    verify_json(job, &text);
  else if (!options_flag(job->options, "quiet"))
    verify_summary(job, &text);
  return print_text(&text, err);
}

static Status verify_run(const Options *options, Error *err) {
  VerifyJob job;
  Status status = verify_job_run(&job, options, err);
  if (status == OK) status = print_result(&job, err);
  if (status == OK) status = gates_status(&job.gates, job.candidate.path, err);
  verify_job_free(&job);
  return status;
}

const Command command_verify = {
    .name = "verify",
    .brief = "measures what a small model lost against the float model",
    .usage = "[OPTIONS] REFERENCE.onnx CANDIDATE",
    .help = "Runs both models on the same samples: accuracy where there are labels, agreement of the highest "
            "scores, and how much noise the outputs have. Of an .edge file it says which layers are the "
            "weakest, and runs the self-test that is stored in it.\n"
            "SQNR is the signal-to-quantization-noise ratio in dB: 20 is an error of a tenth of the signal, "
            "40 of a hundredth. The \xc2\xb1 behind a change of top-1 is half its 95% interval.\n"
            "Leave out with --skip what calibration has seen.",
    .arguments = {{"REFERENCE.onnx", "the float model"},
                  {"CANDIDATE", "an .edge file or another .onnx model"}},
    .min_arguments = 2,
    .max_arguments = 2,
    .options = {verify_rows, inputs_rows, inputs_label_rows, sample_range_rows, gates_rows, common_work_rows,
                common_quiet_rows, common_json_rows},
    .examples = {"edgec verify model.onnx model.edge --data samples.npz",
                 "edgec verify model.onnx model.edge --data test.npz --skip 256 --max-drop 0.3"},
    .place = 20,
    .run = verify_run,
};
