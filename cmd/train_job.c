#include "cmd/train_job.h"

#include "cmd/batch_model.h"
#include "cmd/checkpoint_rows.h"
#include "cmd/command_line_text.h"
#include "cmd/common.h"
#include "cmd/interrupt.h"
#include "cmd/onnx_output.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/summary_line.h"
#include "cmd/targets.h"
#include "cmd/train_curve.h"
#include "cmd/train_facts.h"
#include "cmd/train_rows.h"
#include "distill/ranks.h"

#include <stdio.h>
#include <string.h>

/* One that was made of the teacher lies in a file of no name that would tell anything. */
const char *train_job_student(const TrainJob *job) {
  bool is_made = job->teacher.graph != NULL && job->options->argument_count < 2;
  return is_made ? "from teacher" : summary_file(job->student.path);
}

/* One rank speaks for all. */
static bool is_quiet(const TrainJob *job) {
  return options_flag(job->options, "quiet") || !ranks_is_first();
}

/* ---- models and data ---- */

/* The graph that gets the trained weights, and the one that is trained. */
static Status open_student(TrainJob *job, const char *student, Error *err) {
  TRY(model_open(&job->student, student, err));
  TRY(declared_shapes_note(&job->declared, job->student.graph, &job->memory, err));
  TRY(job->is_quant ? train_quant_begin(&job->quant, job->options, &job->student, job->output, err)
                    : model_open_again(&job->twin, &job->student, err));
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  job->inputs.without_labels = targets_given(job->options) && !options_was_given(job->options, "labels");
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
  job->models.teacher = job->teacher.graph;
  return batch_model_bind(&job->teacher, &job->inputs.reader, err);
}

static Status load_samples(TrainJob *job, Error *err) {
  progress_begin(&job->progress, "read", is_quiet(job));
  Status status = train_set_load(&job->set, &job->inputs.reader, job->inputs.labels, progress_update,
                                 &job->progress, err);
  progress_end(&job->progress);
  TRY(status);
  TRY(targets_load(&job->set, job->options, job->models.student, err));
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

static void see_step(void *context, const TrainProgress *seen) {
  TrainJob *job = context;
  Progress *progress = &job->progress;
  if (!progress_is_due(progress)) return;
  if (progress->from == 0) progress->from = job->report.resumed_samples;
  double speed = (double)(seen->done - progress->from) / (progress_clock() - progress->started);
  snprintf(job->doing, sizeof job->doing, "epoch %lld/%lld", (long long)seen->epoch, (long long)seen->epochs);
  char right[24] = "";
  if (seen->right >= 0) snprintf(right, sizeof right, "  top-1 %.2f%%", seen->right);
  snprintf(progress->detail, sizeof progress->detail, "loss %.4g%s  %.0f/s", seen->loss, right, speed);
  progress_update(progress, seen->done, seen->total);
}

static void see_epoch(void *context, const TrainEpoch *epoch) {
  TrainJob *job = context;
  Text line = {0};
  if (train_log_add(&job->log, epoch, &job->late) != OK) return;
  train_log_line(&job->log, job->settings.epochs, &line);
  if (!line.failed) progress_say(&job->progress, line.bytes);
  text_free(&line);
}

static bool see_interrupt(void *context) {
  (void)context;
  return interrupt_asked();
}

static Status train_on(TrainJob *job, Error *err) {
  TrainWatch watch = {.step = see_step, .epoch = see_epoch, .stop = see_interrupt, .context = job};
  double start = progress_clock();
  snprintf(job->doing, sizeof job->doing, "train");
  progress_begin(&job->progress, job->doing, is_quiet(job));
  interrupt_defer(true);
  Status status =
      train_graph(&job->models, &job->set, &job->held, &job->settings, job->pool, &watch, &job->report, err);
  interrupt_defer(false);
  progress_end(&job->progress);
  job->seconds = progress_clock() - start;
  return status;
}

/* The line says how to go on. */
static Status say_how_to_resume(const TrainJob *job, Error *err) {
  Text line = {0};
  text_add(&line, "%s; to go on: ", err->text);
  command_line_text(job->options, "resume", &line);
  if (!line.failed) fail(err, INTERRUPTED, "%s", line.bytes);
  text_free(&line);
  return INTERRUPTED;
}

static Status train(TrainJob *job, Error *err) {
  Status status = train_on(job, err);
  if (status == INTERRUPTED) return say_how_to_resume(job, err);
  const char *checkpoint = job->settings.keeping.path;
  bool is_named = strncmp(err->text, checkpoint, strlen(checkpoint)) == 0;
  if (status != OK) return is_named ? status : fail_within(err, "%s", train_job_student(job));
  if (job->late.status == OK) return OK;
  *err = job->late;
  return err->status;
}

/* ---- outputs ---- */

static Status write_text(const char *path, Text *text, Error *err) {
  Status status = text_status(text, err);
  if (status == OK) status = file_write(path, text->bytes, text->length, err);
  text_free(text);
  return status;
}

static Status write_curve(const TrainJob *job, const char *path, Error *err) {
  Text text = {0}, title = {0};
  int64_t written = job->report.best.epoch;
  text_add(&title, "training of %s", summary_file(job->output));
  if (written > 0) text_add(&title, ", the weights are those of epoch %lld", (long long)written);
  Status status = text_status(&title, err);
  if (status == OK) status = train_curve_svg(&job->log, title.bytes, written, &text, err);
  text_free(&title);
  if (status == OK) return write_text(path, &text, err);
  text_free(&text);
  return status;
}

/* Table and picture of the epochs that were done. */
static Status write_log(const TrainJob *job, Error *err) {
  const char *log = options_string(job->options, "log"), *curve = options_string(job->options, "curve");
  Text text = {0};
  if (job->log.count == 0) return OK;
  train_log_csv(&job->log, &text);
  TRY(log != NULL ? write_text(log, &text, err) : OK);
  text_free(&text);
  return curve != NULL ? write_curve(job, curve, err) : OK;
}

static Status write_model(TrainJob *job, Error *err) {
  if (job->is_quant) return train_quant_write(&job->quant, &job->student, job->output, &job->file_bytes, err);
  TRY(declared_shapes_restore(&job->declared, job->student.graph, err));
  return onnx_output_write(job->student.graph, job->output, &job->file_bytes, err);
}

static Status check_outputs(TrainJob *job, Error *err) {
  const char *log = options_string(job->options, "log"), *curve = options_string(job->options, "curve");
  bool forced = options_flag(job->options, "force");
  bool is_edge = job->is_quant && !text_ends_with(job->output, ".onnx");
  TRY(overwrite_check(job->output, is_edge ? OUTPUT_EDGE : OUTPUT_ONNX, forced, err));
  TRY(log == NULL ? OK : overwrite_check(log, OUTPUT_CURVE, forced, err));
  TRY(curve == NULL ? OK : overwrite_check(curve, OUTPUT_SVG, forced, err));
  return checkpoint_take(job->options, &job->memory, &job->settings.keeping, err);
}

static Status prepare(TrainJob *job, const char *teacher, const char *student, Error *err) {
  TRY(train_check(job->options, teacher != NULL, err));
  TRY(train_take(job->options, teacher != NULL, &job->settings, err));
  TRY(check_outputs(job, err));
  job->pool = pool_new(common_threads(job->options), err);
  if (job->pool == NULL) return err->status;
  TRY(open_models(job, teacher, student, err));
  TRY(load_samples(job, err));
  return train_facts(job, err);
}

static Status write_outputs(TrainJob *job, Error *err) {
  TRY(write_log(job, err));
  TRY(write_model(job, err));
  checkpoint_remove(&job->settings.keeping);
  return OK;
}

Status train_job_run(TrainJob *job, const Options *options, const char *teacher, const char *student,
                     Error *err) {
  *job = (TrainJob){.options = options,
                    .output = options_string(options, "output"),
                    .is_quant = train_quant_is_on(options)};
  TRY(ranks_agree(prepare(job, teacher, student, err), err));
  Status status = train(job, err);
  if (!ranks_is_first()) return status;
  if (status == OK) return write_outputs(job, err);
  (void)write_log(job, NULL); /* what was seen so far is worth having, whatever happened */
  return status;
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
  train_log_free(&job->log);
  arena_free(&job->memory);
}

static Status run_and_print(const Options *options, const char *teacher, const char *student, Error *err) {
  TrainJob job;
  Status status = train_job_run(&job, options, teacher, student, err);
  Text text = {0};
  if (status == OK && !is_quiet(&job)) {
    train_summary(&job, &text);
    status = print_text(&text, err);
  }
  train_job_free(&job);
  return status;
}

Status train_command(const Options *options, const char *teacher, const char *student, Error *err) {
  TRY(ranks_begin(err));
  Status status = ranks_agree(run_and_print(options, teacher, student, err), err);
  bool is_first = ranks_is_first();
  ranks_end();
  return is_first ? status : OK; /* the first one says it; who fails sooner has mpirun end it before */
}
