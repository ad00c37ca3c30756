#include "cmd/verify_job.h"

#include "cmd/common.h"
#include "cmd/progress.h"
#include "cmd/synthetic.h"

#define LAYER_SAMPLES 32 /* of the per-layer comparison */

static Status open_models(VerifyJob *job, Error *err) {
  const Options *options = job->options;
  TRY(runnable_open(&job->reference, options->arguments[0], err));
  if (job->reference.is_edge)
    return fail(err, BAD_USAGE, "%s: the reference must be an ONNX model; 'edgec compare' takes any files",
                job->reference.path);
  TRY(runnable_open(&job->candidate, options->arguments[1], err));
  if (!job->candidate.is_edge) TRY(options_refuse(options, "layers", "without an .edge candidate", err));
  return runnable_self_test(&job->candidate, err);
}

static Status open_data(VerifyJob *job, int workers, Error *err) {
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  job->inputs.seed = (uint64_t)options_int(job->options, "seed");
  TRY(runnable_bind(&job->reference, &job->inputs, workers, err));
  TRY(runnable_follow(&job->candidate, &job->inputs, workers, err));
  if (!job->inputs.is_synthetic) TRY(options_refuse(job->options, "seed", "with --data", err));
  synthetic_fit(&job->inputs, job->reference.model.graph);
  return sample_range(job->options, &job->inputs, &job->range, err);
}

static Status compare(VerifyJob *job, Pool *pool, Error *err) {
  Progress progress;
  Subject *subjects[2] = {job->reference.subject, job->candidate.subject};
  progress_begin(&progress, "verify", options_flag(job->options, "quiet"));
  Status status = verify_compare(subjects, 2, &job->inputs.reader, job->range.from, job->range.count,
                                 job->inputs.labels, pool, job->comparisons, progress_update, &progress, err);
  progress_end(&progress);
  return status;
}

static Status look_into_layers(VerifyJob *job, Error *err) {
  if (!job->candidate.is_edge) return OK;
  job->layer_samples = job->range.count < LAYER_SAMPLES ? job->range.count : LAYER_SAMPLES;
  return verify_layers(job->reference.model.graph, &job->candidate.file.model, &job->candidate.file.memory,
                       &job->inputs.reader, job->range.from, job->layer_samples, &job->layers, err);
}

static void judge(VerifyJob *job) {
  Measured measured = {.reference = &job->comparisons[0],
                       .candidate = &job->comparisons[1],
                       .bytes = runnable_bytes(&job->candidate),
                       .is_synthetic = job->inputs.is_synthetic};
  gates_check(job->options, &measured, &job->gates);
}

Status verify_job_run(VerifyJob *job, const Options *options, Error *err) {
  *job = (VerifyJob){.options = options};
  TRY(open_models(job, err));
  Pool *pool = pool_new(common_threads(options), err);
  if (pool == NULL) return err->status;
  Status status = open_data(job, pool_workers(pool), err);
  if (status == OK) status = compare(job, pool, err);
  pool_free(pool);
  if (status == OK) status = look_into_layers(job, err);
  if (status == OK) judge(job);
  return status;
}

void verify_job_free(VerifyJob *job) {
  layer_errors_free(&job->layers);
  inputs_close(&job->inputs);
  runnable_close(&job->reference);
  runnable_close(&job->candidate);
}
