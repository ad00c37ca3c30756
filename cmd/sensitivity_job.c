#include "cmd/sensitivity_job.h"

#include "cmd/common.h"
#include "cmd/method_rows.h"
#include "cmd/progress.h"
#include "cmd/synthetic.h"

#define LEAST_TO_SPLIT 8 /* with fewer samples calibration and measurement share them */

static Status open_model(SensitivityJob *job, Error *err) {
  Inputs *inputs = &job->inputs;
  TRY(model_open(&job->model, job->options->arguments[0], err));
  TRY(inputs_begin(inputs, job->options, "data", err));
  inputs->seed = (uint64_t)options_int(job->options, "seed");
  inputs->without_labels = true;
  TRY(inputs_bind_graph(inputs, job->model.graph, err));
  if (!inputs->is_synthetic) TRY(options_refuse(job->options, "seed", "with --data", err));
  TRY(model_infer(&job->model, err));
  synthetic_fit(inputs, job->model.graph);
  TRY(qdq_read(job->model.graph, &job->taken, err));
  return model_clean(&job->model, err);
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* The first samples calibrate, the layers are measured on the next. */
static void split_samples(SensitivityJob *job) {
  int64_t all = job->inputs.samples, wanted = options_int(job->options, "samples");
  int64_t most = options_int(job->options, "measure-samples");
  job->measured_on_calibration = all < LEAST_TO_SPLIT;
  job->calibration_samples = least(wanted, all);
  if (all <= wanted && !job->measured_on_calibration) job->calibration_samples = all - all / 4;
  job->measure_from = job->measured_on_calibration ? 0 : job->calibration_samples;
  job->measure_samples = least(most, all - job->measure_from);
}

static Status quantize(SensitivityJob *job, Pool *pool, Error *err) {
  Progress progress;
  Calibration *calibration;
  QuantizeReport report;
  QuantizeOptions settings = quantize_defaults();
  method_take(job->options, &settings);
  progress_begin(&progress, "calibrate", options_flag(job->options, "quiet"));
  Status status = calibrate(&calibration, job->model.graph, &job->inputs.reader, 0, job->calibration_samples,
                            &settings, pool, progress_update, &progress, err);
  progress_end(&progress);
  if (status == OK) status = quantize_graph(job->model.graph, calibration, &settings, &report, err);
  calibration_free(calibration);
  return status;
}

static Status measure(SensitivityJob *job, Pool *pool, Error *err) {
  Progress progress;
  progress_begin(&progress, "layers", options_flag(job->options, "quiet"));
  Status status =
      sensitivity_measure(&job->sensitivity, job->model.graph, &job->inputs.reader, job->measure_from,
                          job->measure_samples, pool, progress_update, &progress, err);
  progress_end(&progress);
  if (status == OK) sensitivity_rank(&job->sensitivity, job->bits);
  return status;
}

Status sensitivity_job_run(SensitivityJob *job, const Options *options, Error *err) {
  double start = progress_clock();
  *job = (SensitivityJob){.options = options, .bits = options_choice(options, "rank") == 0 ? 8 : 4};
  TRY(open_model(job, err));
  split_samples(job);
  Pool *pool = pool_new(common_threads(options), err);
  if (pool == NULL) return err->status;
  Status status = quantize(job, pool, err);
  if (status == OK) status = measure(job, pool, err);
  pool_free(pool);
  job->seconds = progress_clock() - start;
  return status == OK ? OK : fail_within(err, "%s", job->model.path);
}

void sensitivity_job_free(SensitivityJob *job) {
  sensitivity_free(&job->sensitivity);
  inputs_close(&job->inputs);
  model_close(&job->model);
}
