#include "cmd/calibrate_job.h"

#include "cmd/calib_io.h"
#include "cmd/common.h"
#include "cmd/method_rows.h"
#include "cmd/overwrite.h"
#include "cmd/progress.h"

#include <string.h>

#define SHARDS_MAX 1000000

/* ---- one run ---- */

/* "model.onnx" -> "model.calib" */
static const char *default_output(CalibrateJob *job, Error *err) {
  const char *edge = model_default_output(&job->arena, job->options->arguments[0], err);
  if (edge == NULL) return NULL;
  int stem = (int)(strlen(edge) - strlen(".edge"));
  return arena_format(&job->arena, err, "%.*s.calib", stem, edge);
}

/* The model for the shapes of data set `set`. */
static Status open_model(CalibrateJob *job, int set, Error *err) {
  TRY(model_open(&job->model, job->options->arguments[0], err));
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  job->inputs.without_labels = true;
  job->inputs.takes_sets = true;
  job->inputs.set = set;
  TRY(inputs_bind_graph(&job->inputs, job->model.graph, err));
  TRY(model_infer(&job->model, err));
  TRY(qdq_read(job->model.graph, &job->taken, err));
  return model_clean(&job->model, err);
}

/* "3/16": which of how many, from 1 on. */
static Status parse_shard(const char *text, int64_t *shard, int64_t *shards, Error *err) {
  char word[64];
  const char *slash = strchr(text, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - text);
  if (slash == NULL || length >= sizeof word)
    return fail(err, BAD_USAGE, "calibrate: --shard %s: is not K/N, such as 3/16", text);
  memcpy(word, text, length);
  word[length] = '\0';
  if (!text_to_int(word, shard) || !text_to_int(slash + 1, shards) || *shards < 1 || *shards > SHARDS_MAX)
    return fail(err, BAD_USAGE, "calibrate: --shard %s: is not K/N, such as 3/16", text);
  if (*shard < 1 || *shard > *shards)
    return fail(err, BAD_USAGE, "calibrate: --shard %s: the first of %lld is 1, the last %lld", text,
                (long long)*shards, (long long)*shards);
  return OK;
}

/* i * total / shards without overflow. */
static int64_t share(int64_t total, int64_t i, int64_t shards) {
  return total / shards * i + total % shards * i / shards;
}

static Status choose_samples(const CalibrateJob *job, CalibSource *source, Error *err) {
  const char *text = options_string(job->options, "shard");
  int64_t shard = 1, shards = 1, wanted = options_int(job->options, "samples");
  if (text != NULL) TRY(parse_shard(text, &shard, &shards, err));
  source->total = wanted < job->inputs.samples ? wanted : job->inputs.samples;
  source->from = share(source->total, shard - 1, shards);
  source->to = share(source->total, shard, shards);
  if (source->from < source->to) return OK;
  return fail(err, BAD_USAGE, "calibrate: --shard %s: there are only %lld samples for %lld shards", text,
              (long long)source->total, (long long)shards);
}

static Status run_samples(CalibrateJob *job, const CalibSource *source, Error *err) {
  Progress progress;
  Pool *pool = pool_new(common_threads(job->options), err);
  if (pool == NULL) return err->status;
  double start = progress_clock();
  progress_begin(&progress, "calibrate", options_flag(job->options, "quiet"));
  Status status = calibrate(&job->calibration, job->model.graph, &job->inputs.reader, source->from,
                            source->to - source->from, &job->settings, pool, progress_update, &progress, err);
  progress_end(&progress);
  job->seconds = progress_clock() - start;
  pool_free(pool);
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

static void close_model(CalibrateJob *job) {
  calibration_free(job->calibration);
  job->calibration = NULL;
  inputs_close(&job->inputs);
  model_close(&job->model);
  job->model = (Model){0};
}

static Status run_set(CalibrateJob *job, int set, CalibFile *result, Error *err) {
  CalibSource source;
  double before = job->seconds;
  TRY(open_model(job, set, err));
  TRY(calib_source_of(&source, &job->model, &job->inputs, &job->arena, err));
  TRY(choose_samples(job, &source, err));
  TRY(run_samples(job, &source, err));
  job->seconds += before;
  TRY(calib_from(result, job->model.graph, job->calibration, &source, err));
  result->path = job->inputs.inputs[0].path; /* for messages of a merge */
  return OK;
}

/* ---- several sets of data, each with shapes of its own: like shards, one behind the other ---- */

static Status run_sets(CalibrateJob *job, Error *err) {
  int sets = job->inputs.sets;
  TRY(options_refuse(job->options, "shard", "with several files for an input: calibrate each shard on one",
                     err));
  job->shards = arena_new(&job->arena, (size_t)sets, sizeof *job->shards, err);
  if (job->shards == NULL) return err->status;
  job->shards[job->shard_count++] = job->result;
  job->result = (CalibFile){0};
  while (job->shard_count < sets) {
    int set = job->shard_count++;
    close_model(job);
    TRY(run_set(job, set, &job->shards[set], err));
  }
  TRY(calib_line_up(job->shards, sets, &job->arena, err));
  return calib_merge(&job->result, job->shards, sets, err);
}

static Status run_model(CalibrateJob *job, Error *err) {
  TRY(run_set(job, 0, &job->result, err));
  return job->inputs.sets > 1 ? run_sets(job, err) : OK;
}

/* ---- merging ---- */

static Status merge(CalibrateJob *job, Error *err) {
  int count = job->options->argument_count;
  job->shards = arena_new(&job->arena, (size_t)count, sizeof *job->shards, err);
  if (job->shards == NULL) return err->status;
  for (; job->shard_count < count; job->shard_count++) {
    Status status =
        calib_open(&job->shards[job->shard_count], job->options->arguments[job->shard_count], err);
    if (status == OK) continue;
    calib_free(&job->shards[job->shard_count]);
    return status;
  }
  return calib_merge(&job->result, job->shards, count, err);
}

/* ---- both ---- */

Status calibrate_job_run(CalibrateJob *job, const Options *options, Error *err) {
  *job = (CalibrateJob){.options = options, .settings = quantize_defaults()};
  job->settings.for_file = true;
  method_take(options, &job->settings);
  job->is_merge = options_flag(options, "merge");
  job->output = options_string(options, "output");
  if (job->output == NULL) job->output = default_output(job, err);
  if (job->output == NULL) return err->status;
  TRY(overwrite_check(job->output, OUTPUT_CALIB, options_flag(options, "force"), err));
  TRY(job->is_merge ? merge(job, err) : run_model(job, err));
  return calib_save(&job->result, job->output, &job->output_bytes, err);
}

void calibrate_job_free(CalibrateJob *job) {
  calib_free(&job->result);
  for (int s = 0; s < job->shard_count; s++) calib_free(&job->shards[s]);
  close_model(job);
  arena_free(&job->arena);
}
