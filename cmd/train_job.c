#include "cmd/train_job.h"

#include "cmd/batch_model.h"
#include "cmd/common.h"
#include "cmd/onnx_output.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/train_rows.h"

/* ---- models and data ---- */

/* The graph that gets the trained weights, and the one that is trained. */
static Status open_student(TrainJob *job, const char *student, Error *err) {
  TRY(model_open(&job->student, student, err));
  TRY(job->is_quant ? train_quant_begin(&job->quant, job->options, &job->student, job->output, err)
                    : model_open_again(&job->twin, &job->student, err));
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  TRY(inputs_bind_graph(&job->inputs, job->student.graph, err));
  if (job->is_quant) {
    TRY(train_quant_open(&job->quant, &job->student, &job->inputs, job->pool, err));
    job->models.student = job->quant.student.graph;
    job->models.twin = job->quant.twin.graph;
    return OK;
  }
  TRY(batch_model_bind(&job->student, &job->inputs.reader, err));
  TRY(batch_model_bind(&job->twin, &job->inputs.reader, err));
  job->models.student = job->student.graph;
  job->models.twin = job->twin.graph;
  return OK;
}

static Status open_models(TrainJob *job, const char *teacher, const char *student, Error *err) {
  TRY(open_student(job, student, err));
  if (teacher == NULL) return OK;
  TRY(model_open(&job->teacher, teacher, err));
  TRY(batch_model_bind(&job->teacher, &job->inputs.reader, err));
  job->models.teacher = job->teacher.graph;
  return model_clean(&job->teacher, err);
}

static Status load_samples(TrainJob *job, Error *err) {
  progress_begin(&job->progress, "read", options_flag(job->options, "quiet"));
  Status status = train_set_load(&job->set, &job->inputs.reader, job->inputs.labels, progress_update,
                                 &job->progress, err);
  progress_end(&job->progress);
  TRY(status);
  TRY(augment_any(&job->settings.augment)
          ? augment_check(&job->settings.augment, &job->set.forms[0].shape, err)
          : OK);
  int64_t held = (int64_t)(options_double(job->options, "hold-out") / 100 * (double)job->set.count);
  if (held > 0) TRY(train_set_split(&job->set, held, job->settings.seed, &job->held, err));
  job->samples = job->set.count;
  job->held_samples = job->held.count;
  return OK;
}

/* ---- training ---- */

static void see_samples(void *context, int64_t done, int64_t total) {
  progress_update(&((TrainJob *)context)->progress, done, total);
}

static void see_epoch(void *context, const TrainEpoch *epoch) {
  TrainJob *job = context;
  text_add(&job->log, "%lld,%.6g,%.6g,", (long long)epoch->epoch, epoch->rate, epoch->loss);
  if (epoch->right >= 0) text_add(&job->log, "%.4f", epoch->right);
  text_add(&job->log, ",");
  if (job->held.count > 0) text_add(&job->log, "%.6g", epoch->held_loss);
  text_add(&job->log, ",");
  if (epoch->held_right >= 0) text_add(&job->log, "%.4f", epoch->held_right);
  text_add(&job->log, ",%.2f\n", epoch->seconds);
}

static Status train(TrainJob *job, Error *err) {
  TrainWatch watch = {.sample = see_samples, .epoch = see_epoch, .context = job};
  double start = progress_clock();
  text_add(&job->log, "epoch,rate,loss,accuracy,held_loss,held_accuracy,seconds\n");
  progress_begin(&job->progress, "train", options_flag(job->options, "quiet"));
  Status status =
      train_graph(&job->models, &job->set, &job->held, &job->settings, job->pool, &watch, &job->report, err);
  progress_end(&job->progress);
  job->seconds = progress_clock() - start;
  return status == OK ? OK : fail_within(err, "%s", job->student.path);
}

static Status write_log(const TrainJob *job, Error *err) {
  const char *path = options_string(job->options, "log");
  return path == NULL ? OK : file_write(path, job->log.bytes, job->log.length, err);
}

static Status check_outputs(const TrainJob *job, Error *err) {
  const char *log = options_string(job->options, "log");
  bool forced = options_flag(job->options, "force");
  bool is_edge = job->is_quant && !text_ends_with(job->output, ".onnx");
  TRY(overwrite_check(job->output, is_edge ? OUTPUT_EDGE : OUTPUT_ONNX, forced, err));
  return log == NULL ? OK : overwrite_check(log, OUTPUT_CURVE, forced, err);
}

Status train_job_run(TrainJob *job, const Options *options, const char *teacher, const char *student,
                     Error *err) {
  *job = (TrainJob){.options = options,
                    .output = options_string(options, "output"),
                    .is_quant = train_quant_is_on(options)};
  TRY(train_check(options, teacher != NULL, err));
  TRY(train_take(options, teacher != NULL, &job->settings, err));
  TRY(check_outputs(job, err));
  job->pool = pool_new(common_threads(options), err);
  if (job->pool == NULL) return err->status;
  TRY(open_models(job, teacher, student, err));
  TRY(load_samples(job, err));
  TRY(train(job, err));
  TRY(write_log(job, err));
  if (job->is_quant) return train_quant_write(&job->quant, &job->student, job->output, &job->file_bytes, err);
  return onnx_output_write(job->student.graph, job->output, &job->file_bytes, err);
}

void train_job_free(TrainJob *job) {
  train_set_free(&job->held);
  train_set_free(&job->set);
  inputs_close(&job->inputs);
  train_quant_free(&job->quant);
  model_close(&job->teacher);
  model_close(&job->twin);
  model_close(&job->student);
  pool_free(job->pool);
  text_free(&job->log);
}

Status train_command(const Options *options, const char *teacher, const char *student, Error *err) {
  TrainJob job;
  Status status = train_job_run(&job, options, teacher, student, err);
  Text text = {0};
  if (status == OK && !options_flag(options, "quiet")) {
    train_summary(&job, &text);
    status = print_text(&text, err);
  }
  train_job_free(&job);
  return status;
}
