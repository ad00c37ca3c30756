#include "distill/training.h"

#include "distill/ranks.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

double training_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- what the state is made of ---- */

typedef struct Part {
  const char *name;
  void *bytes;
  size_t size;
} Part;

enum { PLAIN_PARTS = 3 };

/* What is memory as it is; weights and the optimiser's memory come besides. */
static void plain_parts(Training *training, Part parts[PLAIN_PARTS]) {
  size_t rows = (size_t)(training->place.now.epoch - 1), best = weights_bytes(&training->weights);
  parts[0] = (Part){"place", &training->place, sizeof training->place};
  parts[1] = (Part){"epochs", training->rows, rows * sizeof *training->rows};
  parts[2] = (Part){"best", training->best, training->best != NULL ? best : 0};
}

static Status pack(Training *training, Error *err) {
  const TrainKeeping *keeping = &training->options->keeping;
  Checkpoint *made = &training->good;
  Part parts[PLAIN_PARTS];
  void *content;
  TRY(checkpoint_begin(made, keeping->facts, keeping->fact_count, err));
  plain_parts(training, parts);
  for (int i = 0; i < PLAIN_PARTS; i++) {
    TRY(checkpoint_add(made, parts[i].name, parts[i].size, &content, err));
    if (parts[i].size > 0) memcpy(content, parts[i].bytes, parts[i].size);
  }
  TRY(checkpoint_add(made, "weights", weights_bytes(&training->weights), &content, err));
  weights_store(&training->weights, content);
  TRY(checkpoint_add(made, "optimizer", optimizer_state_bytes(training->optimizer), &content, err));
  optimizer_save(training->optimizer, content);
  training->good_steps = training->place.steps;
  return OK;
}

/* ---- keeping ---- */

static bool keeps(const Training *training) {
  return training->options->keeping.path != NULL && ranks_is_first();
}

Status training_remember(Training *training, Error *err) {
  return keeps(training) ? pack(training, err) : OK;
}

static Status keep_now(Training *training, Error *err) {
  TRY(pack(training, err));
  TRY(checkpoint_write(&training->good, training->options->keeping.path, err));
  training->last_kept = training_clock();
  return OK;
}

Status training_keep_when_due(Training *training, Error *err) {
  double every = training->options->keeping.every;
  if (!keeps(training) || every <= 0 || training_clock() - training->last_kept < every) return OK;
  return keep_now(training, err);
}

Status training_stop(Training *training, Error *err) {
  long long steps = training->place.steps, total = training->steps_total;
  if (!keeps(training)) return fail(err, INTERRUPTED, "interrupted after step %lld of %lld", steps, total);
  TRY(keep_now(training, err));
  return fail(err, INTERRUPTED, "interrupted after step %lld of %lld (epoch %lld), kept in %s", steps, total,
              (long long)training->place.now.epoch, training->options->keeping.path);
}

Status training_diverged(Training *training, Error *err) {
  const TrainOptions *options = training->options;
  char advice[160];
  snprintf(advice, sizeof advice, "a --rate smaller than %g or --clip-norm %g helps", options->schedule.rate,
           options->optimizer.clip_norm > 0 ? options->optimizer.clip_norm / 10 : 1);
  long long step = training->place.steps + 1, total = training->steps_total;
  if (training->good.size == 0)
    return fail(err, BAD_INPUT,
                "the training diverges in step %lld of %lld: loss or gradient is not finite; %s", step, total,
                advice);
  checkpoint_mark_diverged(&training->good);
  TRY(checkpoint_write(&training->good, options->keeping.path, err));
  return fail(err, BAD_INPUT,
              "the training diverges in step %lld of %lld: loss or gradient is not finite; %s; %s has the "
              "state after step %lld, from where --resume goes on with such an option",
              step, total, advice, options->keeping.path, (long long)training->good_steps);
}

/* ---- taking up ---- */

static bool place_is_possible(const Training *training, const TrainPlace *place) {
  const TrainOptions *options = training->options;
  int64_t samples = training->set->count, batch = options->batch;
  if (place->now.epoch < 1 || place->now.epoch > options->epochs) return false;
  if (place->done < 0 || place->done > samples) return false;
  if (place->done % batch != 0 && place->done != samples) return false;
  int64_t in_epoch = (place->done + batch - 1) / batch, an_epoch = training->steps_total / options->epochs;
  if (place->steps != (place->now.epoch - 1) * an_epoch + in_epoch) return false;
  return place->best.epoch >= 0 && place->best.epoch < place->now.epoch;
}

static Status take_place(Training *training, const Checkpoint *read, Error *err) {
  const char *path = training->options->keeping.path;
  const void *content;
  TRY(checkpoint_part(read, path, "place", sizeof training->place, &content, err));
  TrainPlace place;
  memcpy(&place, content, sizeof place);
  if (!place_is_possible(training, &place))
    return fail(err, BAD_INPUT, "%s: the checkpoint is damaged: no training is in this place", path);
  training->place = place;
  return OK;
}

static Status take_parts(Training *training, const Checkpoint *read, Error *err) {
  const char *path = training->options->keeping.path;
  const void *content;
  Part parts[PLAIN_PARTS];
  TRY(take_place(training, read, err)); /* it says how many rows there are */
  plain_parts(training, parts);
  for (int i = 0; i < PLAIN_PARTS; i++) {
    TRY(checkpoint_part(read, path, parts[i].name, parts[i].size, &content, err));
    if (parts[i].size > 0) memcpy(parts[i].bytes, content, parts[i].size);
  }
  TRY(checkpoint_part(read, path, "weights", weights_bytes(&training->weights), &content, err));
  weights_load(&training->weights, content);
  size_t bytes = optimizer_state_bytes(training->optimizer);
  TRY(checkpoint_part(read, path, "optimizer", bytes, &content, err));
  if (optimizer_load(training->optimizer, content, bytes, err) != OK) return fail_within(err, "%s", path);
  return OK;
}

static Status take_up(Training *training, const MappedFile *file, Error *err) {
  const TrainKeeping *keeping = &training->options->keeping;
  Checkpoint read;
  TRY(checkpoint_parse(&read, keeping->path, file->bytes, file->size, err));
  TRY(checkpoint_compare(&read, keeping->path, keeping->facts, keeping->fact_count, err));
  return take_parts(training, &read, err);
}

/* Whoever watches hears of the epochs that are done. */
static void tell_again(Training *training) {
  int64_t done = training->place.now.epoch - 1;
  for (int64_t i = 0; training->watch->epoch != NULL && i < done; i++)
    training->watch->epoch(training->watch->context, &training->rows[i]);
  training->report->resumed_epoch = training->place.now.epoch;
  training->report->resumed_samples = done * training->set->count + training->place.done;
}

Status training_resume(Training *training, Error *err) {
  MappedFile file;
  TRY(file_map(training->options->keeping.path, &file, err));
  Status status = take_up(training, &file, err);
  file_unmap(&file);
  TRY(status);
  tell_again(training);
  return training_remember(training, err);
}
