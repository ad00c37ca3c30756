/* train_log.h - the epochs of a training as lines: on stderr while it runs, and as a table in a file. */
#ifndef CMD_TRAIN_LOG_H
#define CMD_TRAIN_LOG_H

#include "distill/distill.h"

/* Epochs that are done. */
typedef struct TrainLog {
  TrainEpoch *epochs;
  size_t count, capacity;
  size_t best; /* index of the one that did best on what is held out */
} TrainLog;

Status train_log_add(TrainLog *log, const TrainEpoch *epoch, Error *err);
void train_log_free(TrainLog *log);

/* The last epoch of `epochs`, in columns for people; without a line break. Behind the first epoch's header
   there is a break. */
void train_log_line(const TrainLog *log, int64_t epochs, Text *text);

/* Comma-separated, with a header; cells of what is not known are empty. */
void train_log_csv(const TrainLog *log, Text *text);

#endif
