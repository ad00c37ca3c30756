#include "cmd/compare_job.h"

#include "cmd/common.h"
#include "cmd/progress.h"
#include "cmd/synthetic.h"

static Status open_models(CompareJob *job, Error *err) {
  const Options *options = job->options;
  for (int i = 0; i < options->argument_count; i++) {
    job->count++;
    TRY(runnable_open(&job->models[i], options->arguments[i], err));
  }
  while (job->reference < job->count && job->models[job->reference].is_edge) job->reference++;
  if (job->reference == job->count) job->reference = 0;
  return OK;
}

static Status open_data(CompareJob *job, int workers, Error *err) {
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  job->inputs.seed = (uint64_t)options_int(job->options, "seed");
  Runnable *reference = &job->models[job->reference];
  TRY(runnable_bind(reference, &job->inputs, workers, err));
  if (!job->inputs.is_synthetic) TRY(options_refuse(job->options, "seed", "with --data", err));
  if (!reference->is_edge) synthetic_fit(&job->inputs, reference->model.graph);
  for (int i = 0; i < job->count; i++)
    if (i != job->reference) TRY(runnable_follow(&job->models[i], &job->inputs, workers, err));
  return sample_range(job->options, &job->inputs, &job->range, err);
}

/* The reference goes first: place 0; those before it in the list move one up. */
static int place_of(const CompareJob *job, int i) {
  return i == job->reference ? 0 : i < job->reference ? i + 1 : i;
}

static Status compare(CompareJob *job, Pool *pool, Error *err) {
  Progress progress;
  Subject *subjects[COMPARE_MAX];
  Comparison comparisons[COMPARE_MAX];
  for (int i = 0; i < job->count; i++) subjects[place_of(job, i)] = job->models[i].subject;
  progress_begin(&progress, "compare", options_flag(job->options, "quiet"));
  Status status = verify_compare(subjects, job->count, &job->inputs.reader, job->range.from, job->range.count,
                                 job->inputs.labels, pool, comparisons, progress_update, &progress, err);
  progress_end(&progress);
  for (int i = 0; i < job->count && status == OK; i++) job->comparisons[i] = comparisons[place_of(job, i)];
  return status;
}

Status compare_job_run(CompareJob *job, const Options *options, Error *err) {
  *job = (CompareJob){.options = options};
  TRY(open_models(job, err));
  Pool *pool = pool_new(common_threads(options), err);
  if (pool == NULL) return err->status;
  Status status = open_data(job, pool_workers(pool), err);
  if (status == OK) status = compare(job, pool, err);
  pool_free(pool);
  return status;
}

void compare_job_free(CompareJob *job) {
  for (int i = 0; i < job->count; i++) runnable_close(&job->models[i]);
  inputs_close(&job->inputs);
}
