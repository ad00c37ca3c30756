#include "cmd/train_job.h"

#include "cmd/common.h"
#include "cmd/onnx_output.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/summary_line.h"
#include "cmd/train_rows.h"

/* One that was made of the teacher lies in a file of no name that would tell anything. */
const char *train_job_student(const TrainJob *job) {
  bool is_made = job->teacher.graph != NULL && job->options->argument_count < 2;
  return is_made ? "from the teacher" : summary_file(job->student.path);
}

/* ---- models and data ---- */

/* One sample was bound; a micro-batch has any number. */
static void open_batch_axis(Graph *graph) {
  for (int i = 0; i < graph->input_count; i++)
    if (graph->inputs[i]->has_shape && graph->inputs[i]->shape.rank > 0)
      graph->inputs[i]->shape.dims[0] = DIM_UNKNOWN;
}

/* The twin and the teacher get the shapes that the data gave the student. */
static Status bind_like(const TrainJob *job, Model *model, Error *err) {
  const Graph *student = job->student.graph;
  Graph *graph = model->graph;
  if (graph->input_count != student->input_count)
    return fail(err, BAD_INPUT, "%s: has %d inputs, and the student %d", model->path, graph->input_count,
                student->input_count);
  for (int i = 0; i < graph->input_count; i++)
    if (graph_bind_input(graph, graph->inputs[i], &job->inputs.reader.forms[i].shape, err) != OK)
      return fail_within(err, "%s", model->path);
  open_batch_axis(graph);
  return model_infer(model, err);
}

static Status open_models(TrainJob *job, const char *teacher, const char *student, Error *err) {
  TRY(model_open(&job->student, student, err));
  TRY(model_open_again(&job->twin, &job->student, err));
  TRY(inputs_begin(&job->inputs, job->options, "data", err));
  TRY(inputs_bind_graph(&job->inputs, job->student.graph, err));
  open_batch_axis(job->student.graph);
  TRY(model_infer(&job->student, err));
  TRY(bind_like(job, &job->twin, err));
  if (teacher == NULL) return OK;
  TRY(model_open(&job->teacher, teacher, err));
  TRY(bind_like(job, &job->teacher, err));
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
  TrainModels models = {
      .student = job->student.graph, .twin = job->twin.graph, .teacher = job->teacher.graph};
  TrainWatch watch = {.sample = see_samples, .epoch = see_epoch, .context = job};
  Pool *pool = pool_new(common_threads(job->options), err);
  if (pool == NULL) return err->status;
  double start = progress_clock();
  text_add(&job->log, "epoch,rate,loss,accuracy,held_loss,held_accuracy,seconds\n");
  progress_begin(&job->progress, "train", options_flag(job->options, "quiet"));
  Status status =
      train_graph(&models, &job->set, &job->held, &job->settings, pool, &watch, &job->report, err);
  progress_end(&job->progress);
  job->seconds = progress_clock() - start;
  pool_free(pool);
  return status == OK ? OK : fail_within(err, "%s", train_job_student(job));
}

static Status write_log(const TrainJob *job, Error *err) {
  const char *path = options_string(job->options, "log");
  return path == NULL ? OK : file_write(path, job->log.bytes, job->log.length, err);
}

static Status check_outputs(const TrainJob *job, Error *err) {
  const char *log = options_string(job->options, "log");
  bool forced = options_flag(job->options, "force");
  TRY(overwrite_check(job->output, OUTPUT_ONNX, forced, err));
  return log == NULL ? OK : overwrite_check(log, OUTPUT_CURVE, forced, err);
}

Status train_job_run(TrainJob *job, const Options *options, const char *teacher, const char *student,
                     Error *err) {
  *job = (TrainJob){.options = options, .output = options_string(options, "output")};
  TRY(train_check(options, teacher != NULL, err));
  TRY(train_take(options, teacher != NULL, &job->settings, err));
  TRY(check_outputs(job, err));
  TRY(open_models(job, teacher, student, err));
  TRY(load_samples(job, err));
  TRY(train(job, err));
  TRY(write_log(job, err));
  return onnx_output_write(job->student.graph, job->output, &job->file_bytes, err);
}

void train_job_free(TrainJob *job) {
  train_set_free(&job->held);
  train_set_free(&job->set);
  inputs_close(&job->inputs);
  model_close(&job->teacher);
  model_close(&job->twin);
  model_close(&job->student);
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
