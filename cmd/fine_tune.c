#include "cmd/fine_tune.h"

#include "cmd/batch_model.h"

#include <string.h>

#define BATCH 32
#define MICRO_BATCH 16
#define RATE 3e-4 /* in shares of a weight's own size */
#define NARROW_RATE 3e-3

static TrainOptions settings_of(const FineTune *own) {
  const Options *options = own->options;
  TrainOptions settings = train_defaults();
  settings.epochs = options_int(options, "fine-tuning-epochs");
  settings.batch = BATCH;
  settings.micro_batch = MICRO_BATCH;
  settings.relative_rates = true;
  settings.seed = (uint64_t)options_int(options, "seed");
  settings.schedule.rate = own->is_narrow ? NARROW_RATE : RATE;
  if (options_was_given(options, "fine-tuning-rate"))
    settings.schedule.rate = options_double(options, "fine-tuning-rate");
  return settings;
}

/* Samples from..from+count-1 go. */
static void leave_out(TrainSet *set, int64_t from, int64_t count) {
  int64_t kept = 0;
  for (int64_t i = 0; i < set->count; i++)
    if (set->rows[i] < from || set->rows[i] >= from + count) set->rows[kept++] = set->rows[i];
  set->count = kept;
}

static Status open_teacher(const FineTune *own, Model *teacher, Error *err) {
  TRY(model_open(teacher, own->reference->path, err));
  TRY(batch_model_bind(teacher, &own->inputs->reader, err));
  return model_clean(teacher, err);
}

static void see_step(void *context, const TrainProgress *seen) {
  const TrainerJob *job = context;
  job->progress(job->progress_context, seen->done, seen->total);
}

static Status train(const FineTune *own, const TrainerJob *job, TrainSet *set, Graph *teacher, Error *err) {
  TrainModels models = {.student = job->student, .twin = job->twin, .teacher = teacher};
  TrainOptions settings = settings_of(own);
  TrainerJob seen = *job;
  TrainWatch watch = {.step = job->progress != NULL ? see_step : NULL, .context = &seen};
  TrainReport report;
  leave_out(set, job->kept_from, job->kept_count);
  return train_graph(&models, set, NULL, &settings, own->pool, &watch, &report, err);
}

static Status run(void *context, const TrainerJob *job, Error *err) {
  const FineTune *own = context;
  SampleReader reader = own->inputs->reader;
  Model teacher = {0};
  TrainSet set = {0};
  reader.count = own->samples;
  Status status = open_teacher(own, &teacher, err);
  if (status == OK) status = train_set_load(&set, &reader, NULL, NULL, NULL, err);
  if (status == OK) status = train(own, job, &set, teacher.graph, err);
  train_set_free(&set);
  model_close(&teacher);
  return status;
}

Trainer fine_tune_trainer(FineTune *context) {
  return (Trainer){.run = run, .context = context};
}
