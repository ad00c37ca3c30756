/* cmd_run.c - edgec run */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/output_arrays.h"
#include "cmd/print.h"
#include "cmd/progress.h"
#include "cmd/runnable.h"
#include "cmd/sample_range.h"
#include "cmd/summary_line.h"
#include "cmd/version.h"

typedef struct RunJob {
  const Options *options;
  Runnable model;
  Inputs inputs;
  SampleRange range;
  OutputArrays arrays;
  double seconds;
} RunJob;

static const OptionRow run_rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help = "the .npy file to write; of a model with several outputs each goes to a file with its name in "
             "front of the extension: out.npy becomes out.scores.npy"},
    {.name = "force",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "overwrite a file that is no .npy file"},
    {0}};

static Status check_options(const Options *options, Error *err) {
  if (!options_was_given(options, "output"))
    return fail(err, BAD_USAGE, "run: where to? -o out.npy is missing");
  if (!options_was_given(options, "data"))
    return fail(err, BAD_USAGE, "run: on what? --data samples.npy is missing");
  return OK;
}

/* ---- doing it ---- */

static Status run_samples(RunJob *job, Pool *pool, Error *err) {
  Progress progress;
  double start = progress_clock();
  progress_begin(&progress, "run", options_flag(job->options, "quiet"));
  Status status = output_arrays_write(&job->arrays, &job->inputs.reader, job->range.from, job->range.count,
                                      pool, progress_update, &progress, err);
  progress_end(&progress);
  job->seconds = progress_clock() - start;
  return status;
}

static Status run_model(RunJob *job, Pool *pool, Error *err) {
  const Options *options = job->options;
  TRY(inputs_begin(&job->inputs, options, "data", err));
  job->inputs.without_labels = true;
  TRY(runnable_bind(&job->model, &job->inputs, pool_workers(pool), err));
  TRY(sample_range(options, &job->inputs, &job->range, err));
  TRY(output_arrays_plan(&job->arrays, job->model.subject, options_string(options, "output"),
                         options_flag(options, "force"), err));
  return run_samples(job, pool, err);
}

static Status run_job(RunJob *job, Error *err) {
  TRY(check_options(job->options, err));
  TRY(runnable_open(&job->model, job->options->arguments[0], err));
  Pool *pool = pool_new(common_threads(job->options), err);
  if (pool == NULL) return err->status;
  Status status = run_model(job, pool, err);
  pool_free(pool);
  return status;
}

/* ---- what is printed ---- */

static void summary(const RunJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], seconds[TEXT_NUMBER_ROOM], rate[TEXT_NUMBER_ROOM];
  double a_second = (double)job->range.count / (job->seconds > 1e-9 ? job->seconds : 1e-9);
  summary_line(text, "run", summary_samples(samples, job->range.count), "%s in %s, %s samples a second",
               summary_file(job->model.path), text_seconds(seconds, job->seconds),
               text_count(rate, (int64_t)(a_second + 0.5)));
  for (int i = 0; i < job->arrays.count; i++) {
    int64_t dims[GRAPH_MAX_RANK + 1];
    Shape shape = {.rank = output_array_dims(&job->arrays, i, dims)};
    Text words = {0};
    for (int d = 0; d < shape.rank && d < GRAPH_MAX_RANK; d++) shape.dims[d] = dims[d];
    shape_print(&words, &shape, NULL);
    summary_line(text, "write", summary_file(job->arrays.arrays[i].path), "%s %s, output '%s'",
                 job->arrays.arrays[i].is_integer ? "int64" : "float32", words.bytes,
                 subject_output_name(job->model.subject, i));
    text_free(&words);
  }
}

static void result_json(const RunJob *job, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  options_to_json(job->options, &json, "options");
  json_int(&json, "samples", job->range.count);
  json_array_begin(&json, "outputs");
  for (int i = 0; i < job->arrays.count; i++) {
    int64_t dims[GRAPH_MAX_RANK + 1];
    int rank = output_array_dims(&job->arrays, i, dims);
    json_object_begin(&json, NULL);
    json_string(&json, "name", subject_output_name(job->model.subject, i));
    json_string(&json, "path", job->arrays.arrays[i].path);
    json_string(&json, "type", job->arrays.arrays[i].is_integer ? "int64" : "float32");
    json_ints(&json, "shape", dims, rank);
    json_object_end(&json);
  }
  json_array_end(&json);
  json_object_end(&json);
  json_end(&json);
}

static Status print_result(const RunJob *job, Error *err) {
  Text text = {0};
  if (options_flag(job->options, "json"))
    result_json(job, &text);
  else if (!options_flag(job->options, "quiet"))
    summary(job, &text);
  return print_text(&text, err);
}

static Status run_run(const Options *options, Error *err) {
  RunJob job = {.options = options};
  Status status = run_job(&job, err);
  if (status == OK) status = print_result(&job, err);
  output_arrays_free(&job.arrays);
  inputs_close(&job.inputs);
  runnable_close(&job.model);
  return status;
}

const Command command_run = {
    .name = "run",
    .brief = "runs a model on data and writes its outputs as .npy",
    .usage = "[OPTIONS] MODEL --data FILE -o OUT.npy",
    .help = "Runs an .onnx or .edge model on every sample. The outputs become .npy arrays whose first axis "
            "counts the samples: float32 numbers, or int64 where the output holds integers. Codes of an "
            ".edge file's outputs are turned into the real numbers that they stand for.",
    .arguments = {{"MODEL", "an .onnx or .edge file"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {run_rows, inputs_rows, sample_range_rows, common_thread_rows, common_quiet_rows,
                common_json_rows},
    .examples = {"edgec run model.edge --data samples.npy -o scores.npy",
                 "edgec run model.onnx --data samples.npz --skip 256 --samples 64 -o scores.npy"},
    .place = 40,
    .run = run_run,
};
