/* The lines that `edgec train` and `edgec distill` end with. */
#include "cmd/train_job.h"

#include "cmd/summary_line.h"

#include <math.h>
#include <string.h>

static const char *const loss_names[] = {
#define X(name, text, brief) text,
    LOSSES(X)
#undef X
};

/* Names of files, which may be longer than their column, are filled up to the longest. */
static const char *padded(char *buffer, const TrainJob *job, const char *name) {
  int columns = summary_name_columns(0, train_job_student(job));
  if (job->teacher.graph != NULL) columns = summary_name_columns(columns, summary_file(job->teacher.path));
  columns = summary_name_columns(columns, summary_file(job->inputs.inputs[0].path));
  return summary_name(buffer, name, summary_name_columns(columns, summary_file(job->output)));
}

static void model_lines(const TrainJob *job, Text *text) {
  char number[TEXT_NUMBER_ROOM], name[SUMMARY_NAME_ROOM];
  summary_line(text, "student", padded(name, job, train_job_student(job)), "%s weights trained",
               text_count(number, job->report.parameters));
  if (job->teacher.graph != NULL)
    summary_line(text, "teacher", padded(name, job, summary_file(job->teacher.path)), "%d nodes",
                 job->teacher.node_count);
}

static void data_lines(const TrainJob *job, Text *text) {
  char trained[SUMMARY_COUNT_ROOM], held[SUMMARY_COUNT_ROOM], name[SUMMARY_NAME_ROOM];
  const char *file = padded(name, job, summary_file(job->inputs.inputs[0].path));
  summary_samples(trained, job->samples);
  if (job->held_samples > 0)
    summary_line(text, "data", file, "%s to train on, %s held out", trained,
                 summary_samples(held, job->held_samples));
  else
    summary_line(text, "data", file, "%s, none held out", trained);
}

static void training_lines(const TrainJob *job, Text *text) {
  const TrainEpoch *best = &job->report.best;
  char name[SUMMARY_NAME_ROOM], loss[SUMMARY_NAME_ROOM];
  const char *blank = padded(name, job, "");
  double seen = (double)job->samples * (double)job->settings.epochs - (double)job->report.resumed_samples;
  summary_line(text, "train", padded(loss, job, loss_names[job->report.loss]),
               "%lld epochs in %.1f s, %.0f samples a second", (long long)job->settings.epochs, job->seconds,
               seen / fmax(job->seconds, 1e-9));
  if (best->right >= 0)
    summary_line(text, "", blank, "epoch %lld: loss %.4f, top-1 %.2f%% on the way", (long long)best->epoch,
                 best->loss, best->right);
  else
    summary_line(text, "", blank, "epoch %lld: loss %.4f", (long long)best->epoch, best->loss);
  if (job->held_samples == 0) return;
  if (best->held_right >= 0)
    summary_line(text, "", blank, "held out: loss %.4f, top-1 %.2f%%", best->held_loss, best->held_right);
  else
    summary_line(text, "", blank, "held out: loss %.4f", best->held_loss);
}

static void quant_line(const TrainJob *job, Text *text) {
  char samples[SUMMARY_COUNT_ROOM], name[SUMMARY_NAME_ROOM];
  if (!job->is_quant) return;
  summary_samples(samples, job->quant.calibration_samples);
  summary_line(text, "quantize", padded(name, job, train_quant_name(job->options)),
               "%s calibrated, then scales were learned", samples);
}

/* How alike inner values are, of samples that were held out. */
static void feature_line(const TrainFeature *feature, Text *text) {
  Text words = {0};
  if (strcmp(feature->student, feature->teacher) != 0) text_add(&words, "as %s, ", feature->teacher);
  if (feature->projected) text_add(&words, "by a map that was learned, ");
  if (isnan(feature->after))
    text_add(&words, "not measured: nothing is held out");
  else
    text_add(&words, "off by %.3g, before the training %.3g", feature->after, feature->before);
  text->failed |= words.failed;
  if (!words.failed)
    summary_line(text, feature->kind == FEATURE_MATCH ? "match" : "attend", feature->student, "%s",
                 words.bytes);
  text_free(&words);
}

void train_summary(const TrainJob *job, Text *text) {
  char size[TEXT_NUMBER_ROOM], name[SUMMARY_NAME_ROOM];
  model_lines(job, text);
  data_lines(job, text);
  quant_line(job, text);
  if (job->report.resumed_epoch > 0)
    summary_line(text, "resume", padded(name, job, ""), "from epoch %lld on, %s samples were done before",
                 (long long)job->report.resumed_epoch, text_count(size, job->report.resumed_samples));
  training_lines(job, text);
  for (int i = 0; i < job->report.feature_count; i++) feature_line(&job->report.features[i], text);
  summary_line(text, "write", padded(name, job, summary_file(job->output)), "%s, the weights of epoch %lld",
               text_bytes(size, (double)job->file_bytes), (long long)job->report.best.epoch);
}
