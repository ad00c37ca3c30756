#include "cmd/train_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

Status train_log_add(TrainLog *log, const TrainEpoch *epoch, Error *err) {
  TRY(array_grow(&log->epochs, log->count, &log->capacity, sizeof *log->epochs, err));
  log->epochs[log->count] = *epoch;
  if (log->count == 0 || train_epoch_is_better(epoch, &log->epochs[log->best])) log->best = log->count;
  log->count++;
  return OK;
}

void train_log_free(TrainLog *log) {
  free(log->epochs);
  *log = (TrainLog){0};
}

/* ---- for people ---- */

static bool has_held(const TrainEpoch *epoch) {
  return !isnan(epoch->held_loss);
}

static void add_header(const TrainEpoch *like, Text *text) {
  const char *right = like->right >= 0 ? "     top-1" : "";
  text_add(text, "    epoch      rate      loss%s", right);
  if (has_held(like)) text_add(text, "  held-out%s", right);
  text_add(text, "      time\n");
}

static void add_right(double right, Text *text) {
  if (right >= 0) text_add(text, "%9.2f%%", right);
}

void train_log_line(const TrainLog *log, int64_t epochs, Text *text) {
  const TrainEpoch *epoch = &log->epochs[log->count - 1];
  char place[48], time[TEXT_NUMBER_ROOM];
  if (log->count == 1) add_header(epoch, text);
  snprintf(place, sizeof place, "%lld/%lld", (long long)epoch->epoch, (long long)epochs);
  text_add(text, "%9s%10.3g%10.4g", place, epoch->rate, epoch->loss);
  add_right(epoch->right, text);
  if (has_held(epoch)) {
    text_add(text, "%10.4g", epoch->held_loss);
    add_right(epoch->held_right, text);
  }
  text_add(text, "%10s", text_seconds(time, epoch->seconds));
  if (has_held(epoch) && log->best == log->count - 1) text_add(text, "  best so far");
}

/* ---- for programs ---- */

void train_log_csv(const TrainLog *log, Text *text) {
  text_add(text, "epoch,rate,loss,accuracy,held_loss,held_accuracy,seconds\n");
  for (size_t i = 0; i < log->count; i++) {
    const TrainEpoch *epoch = &log->epochs[i];
    text_add(text, "%lld,%.6g,%.6g,", (long long)epoch->epoch, epoch->rate, epoch->loss);
    if (epoch->right >= 0) text_add(text, "%.4f", epoch->right);
    text_add(text, ",");
    if (has_held(epoch)) text_add(text, "%.6g", epoch->held_loss);
    text_add(text, ",");
    if (epoch->held_right >= 0) text_add(text, "%.4f", epoch->held_right);
    text_add(text, ",%.2f\n", epoch->seconds);
  }
}
