/* cmd_explain.c - edgec explain */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/explain_job.h"
#include "cmd/print.h"

static Status explain_run(const Options *options, Error *err) {
  ExplainJob job;
  Text text = {0};
  Status status = explain_job_run(&job, options, err);
  if (status == OK && options_flag(options, "json"))
    explain_json(&job, &text);
  else if (status == OK)
    explain_table(&job, &text);
  if (status == OK) status = print_text(&text, err);
  explain_job_free(&job);
  return status;
}

const Command command_explain = {
    .name = "explain",
    .alias = "diff",
    .brief = "tells what changed between two compressed files, layer by layer",
    .usage = "[OPTIONS] BEFORE AFTER.edge",
    .help = "For the review of a change: a model was trained, quantized or excluded differently, and the "
            "table says what that did. Of the whole: bytes, memory, work, how and from what the file was "
            "made. Of each layer: instructions, types (bits), shapes, scale and zero point of the result, "
            "bytes, and whether the constants are others.\n"
            "Layers are found by the name of the tensor that they compute. An ONNX model as the first file "
            "shows what became of each of its layers. No data is needed and nothing is run; 'edgec compare' "
            "measures accuracy.\n"
            "The exit code is 0 whether or not something differs.",
    .arguments = {{"BEFORE", "an .edge file, or the .onnx model"}, {"AFTER.edge", "an .edge file"}},
    .min_arguments = 2,
    .max_arguments = 2,
    .options = {common_json_rows},
    .examples = {"edgec explain old.edge new.edge", "edgec explain model.onnx model.edge --json"},
    .place = 35,
    .run = explain_run,
};
