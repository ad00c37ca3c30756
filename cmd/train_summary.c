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

static void model_lines(const TrainJob *job, Text *text) {
  char number[TEXT_NUMBER_ROOM];
  summary_line(text, "student", summary_file(job->student.path), "%s weights trained",
               text_count(number, job->report.parameters));
  if (job->teacher.graph != NULL)
    summary_line(text, "teacher", summary_file(job->teacher.path), "%d nodes", job->teacher.node_count);
}

static void data_lines(const TrainJob *job, Text *text) {
  char trained[SUMMARY_COUNT_ROOM], held[SUMMARY_COUNT_ROOM];
  summary_samples(trained, job->samples);
  if (job->held_samples > 0)
    summary_line(text, "data", summary_file(job->inputs.inputs[0].path), "%s to train on, %s held out",
                 trained, summary_samples(held, job->held_samples));
  else
    summary_line(text, "data", summary_file(job->inputs.inputs[0].path), "%s, none held out", trained);
}

static void training_lines(const TrainJob *job, Text *text) {
  const TrainEpoch *best = &job->report.best;
  double seen = (double)job->samples * (double)job->settings.epochs;
  summary_line(text, "train", loss_names[job->report.loss], "%lld epochs in %.1f s, %.0f samples a second",
               (long long)job->settings.epochs, job->seconds, seen / fmax(job->seconds, 1e-9));
  if (best->right >= 0)
    summary_line(text, "", "", "epoch %lld: loss %.4f, top-1 %.2f%% on the way", (long long)best->epoch,
                 best->loss, best->right);
  else
    summary_line(text, "", "", "epoch %lld: loss %.4f", (long long)best->epoch, best->loss);
  if (job->held_samples == 0) return;
  if (best->held_right >= 0)
    summary_line(text, "", "", "held out: loss %.4f, top-1 %.2f%%", best->held_loss, best->held_right);
  else
    summary_line(text, "", "", "held out: loss %.4f", best->held_loss);
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
  char size[TEXT_NUMBER_ROOM];
  model_lines(job, text);
  data_lines(job, text);
  training_lines(job, text);
  for (int i = 0; i < job->report.feature_count; i++) feature_line(&job->report.features[i], text);
  summary_line(text, "write", summary_file(job->output), "%s, the weights of epoch %lld",
               text_bytes(size, (double)job->file_bytes), (long long)job->report.best.epoch);
}
