/*
 * train_set.h - samples in any order: every sample of a reader is read once and kept as the model takes it,
 * in memory that may leave RAM, so that the data may be larger than that.
 */
#ifndef DISTILL_TRAIN_SET_H
#define DISTILL_TRAIN_SET_H

#include "distill/sample_rows.h"
#include "interpreter/samples.h"

typedef struct TrainSet {
  int64_t count;
  int input_count;
  const Tensor *forms;   /* of one sample of each input, its first dim 1; the reader's */
  SampleRows *inputs;    /* all samples of each */
  SampleRows *targets;   /* by output of the model: float32 values it is to have; without bytes: none */
  int target_count;      /* outputs in that list */
  const int64_t *labels; /* of all samples there are; the caller's; NULL: none */
  int64_t *rows;         /* which of them the set has */
  bool is_part;          /* of another set, whose memory it uses */
} TrainSet;

/* BAD_INPUT where a sample is not one entry of a batch. To be freed after failure too. */
Status train_set_load(TrainSet *set, const SampleReader *reader, const int64_t *labels,
                      SampleProgress progress, void *progress_context, Error *err);
void train_set_free(TrainSet *set);
/* Room for a list of the values that each of so many outputs is to have, none at first: the caller makes the
   rows that there are, one for each sample, before the set is split. */
Status train_set_take_targets(TrainSet *set, int outputs, Error *err);

/* Takes `count` samples, drawn with `seed`, out of the set and makes another one of them, which must be freed
   first. 0 < count < set->count. */
Status train_set_split(TrainSet *set, int64_t count, uint64_t seed, TrainSet *part, Error *err);

/* Sample `index` of input i. */
static inline const void *train_set_sample(const TrainSet *set, int i, int64_t index) {
  return sample_rows_at(&set->inputs[i], set->rows[index]);
}
/* The values that output i is to have for it. */
static inline const void *train_set_target(const TrainSet *set, int i, int64_t index) {
  return sample_rows_at(&set->targets[i], set->rows[index]);
}
static inline int64_t train_set_label(const TrainSet *set, int64_t index) {
  return set->labels[set->rows[index]];
}

#endif
