/* cmd_quantize.c - edgec quantize */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/method_rows.h"
#include "cmd/mixed_rows.h"
#include "cmd/node_choices.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/quantize_job.h"
#include "cmd/recovery_rows.h"
#include "cmd/scheme_rows.h"

static const char *const formats[] = {"edge", "qdq", "qoperator", NULL};

static const char *const qdq_weights[] = {"uint8", "int8", "int7", NULL}; /* as QdqWeights */

static const OptionRow quantize_rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help =
         "the file to write; without it model.onnx becomes model.edge beside it; a name that ends in .onnx "
         "asks for --format qdq"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .choices = formats,
     .metavar = "F",
     .fallback = "edge",
     .group = "Output",
     .help =
         "edge, or an ONNX model for other runtimes: qdq with QuantizeLinear and DequantizeLinear nodes, or "
         "qoperator with QLinearConv and the like, which ONNX Runtime has"},
    {.name = "qdq-weights",
     .type = OPTION_CHOICE,
     .choices = qdq_weights,
     .metavar = "T",
     .fallback = "uint8",
     .group = "Output",
     .help = "with --format qdq or qoperator: uint8 is exact in ONNX Runtime on every CPU; int8 is what most "
             "other runtimes "
             "ask for, and faster, but loses accuracy in ONNX Runtime on x86 CPUs without VNNI; int7 is int8 "
             "with "
             "codes of -64..64: fast and exact there, with coarser weights"},
    {.name = "force",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "overwrite files that edgec did not write"},
    {.name = "uncompressed",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "no section is deflated: the runtime takes the file in place, on a device without zlib"},
    {.name = "report",
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help = "write the report as JSON: every tensor, every layer, the options"},
    {.name = "samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "256",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Data",
     .help = "the first N samples calibrate"},
    {.name = "verify-samples",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "1000",
     .minimum = 1,
     .maximum = 1e9,
     .group = "Data",
     .help = "the next N verify"},
    {.name = "verify-data",
     .type = OPTION_PAIRS,
     .metavar = "[NAME=]FILE",
     .name_optional = true,
     .group = "Data",
     .help = "verify on other files instead, from their first sample on"},
    {.name = "calib",
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Data",
     .help = "statistics that `edgec calibrate` has written: nothing is calibrated, the data only verifies"},
    {0}};

/* Under its temporary name: it gets its own together with the .edge file. `text` is freed. */
static Status write_beside(const QuantizeJob *job, const char *option, Text *text, OutputFile *out,
                           Error *err) {
  Status status = text_status(text, err);
  if (status == OK) status = output_open(out, options_string(job->options, option), err);
  if (status == OK) status = output_write(out, text->bytes, text->length, err);
  text_free(text);
  return status;
}

static Status write_report(const QuantizeJob *job, OutputFile *out, Error *err) {
  Text text = {0};
  if (options_string(job->options, "report") == NULL) return OK;
  quantize_json(job, &text);
  return write_beside(job, "report", &text, out, err);
}

static Status write_picture(const QuantizeJob *job, OutputFile *out, Error *err) {
  Text text = {0};
  if (options_string(job->options, "pareto") == NULL) return OK;
  mixed_svg(&job->mixed, &text);
  return write_beside(job, "pareto", &text, out, err);
}

static Status write_outputs(QuantizeJob *job, Error *err) {
  OutputFile report = {0}, picture = {0};
  Status status = write_report(job, &report, err);
  if (status == OK) status = write_picture(job, &picture, err);
  if (status == OK) status = quantize_job_commit(job, err);
  if (status == OK && report.path != NULL) status = output_commit(&report, err);
  if (status == OK && picture.path != NULL) status = output_commit(&picture, err);
  output_abandon(&report);
  output_abandon(&picture);
  return status;
}

static Status print_result(const QuantizeJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    quantize_json(job, &text);
  else if (!options_flag(job->options, "quiet"))
    quantize_summary(job, &text);
  return print_text(&text, err);
}

static Status check_options(const Options *options, Error *err) {
  const char *report = options_string(options, "report");
  if (options_was_given(options, "calib")) TRY(options_refuse(options, "samples", "with --calib", err));
  TRY(method_check(options, err));
  TRY(scheme_check(options, err));
  TRY(recovery_check(options, err));
  TRY(mixed_check(options, err));
  return report == NULL ? OK : overwrite_check(report, OUTPUT_JSON, options_flag(options, "force"), err);
}

static Status quantize_run(const Options *options, Error *err) {
  QuantizeJob job;
  TRY(check_options(options, err));
  Status status = quantize_job_run(&job, options, err);
  if (status == OK) status = write_outputs(&job, err);
  if (status == OK) status = print_result(&job, err);
  if (status == OK) status = gates_status(&job.gates, job.output, err);
  quantize_job_free(&job);
  return status;
}

const Command command_quantize = {
    .name = "quantize",
    .brief = "makes a small INT8 .edge file of a trained ONNX model, and measures what that cost",
    .usage = "[OPTIONS] MODEL.onnx",
    .help = "Runs the model on some samples to see what range each tensor has, chooses scales, writes "
            "weights and "
            "activations as 8-bit integers, reads the written file back and runs it beside the float model "
            "on other "
            "samples. The summary tells what was lost.\n"
            "Samples are what the model gets in use, unlabelled; 64 to 1,000 are plenty. With labels the "
            "summary gives "
            "accuracy, without them how often the small model agrees with the float one. Preprocessing must "
            "be the one "
            "that the model was trained with.\n"
            "Gates make it a step of a pipeline: when one is missed the exit code is 1.",
    .arguments = {{"MODEL.onnx", "a trained model, float32"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {quantize_rows, scheme_rows, mixed_rows, method_rows, recovery_rows, node_choice_rows,
                inputs_rows, inputs_label_rows, gates_rows, common_work_rows, common_message_rows,
                common_json_rows},
    .examples = {"edgec quantize model.onnx --data samples.npz",
                 "edgec quantize model.onnx --data images.npy --labels labels.npy --scale 0.00392157",
                 "edgec quantize model.onnx --data samples.npz --max-drop 0.5 --json"},
    .place = 10,
    .run = quantize_run,
};
