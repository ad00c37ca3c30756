/* micro_batch.h - one worker's memory for the samples that it works on: inputs, true classes, what the loss
   is compared to. Inside distill/. */
#ifndef DISTILL_MICRO_BATCH_H
#define DISTILL_MICRO_BATCH_H

#include "distill/goal.h"
#include "operators/panel_product.h"

#define MICRO_BATCH_LEAST PANEL_LEAST_ROWS /* samples that there is room for in any case */

typedef struct MicroBatch {
  const TrainSet *set;
  const Goal *goal;
  int64_t most;  /* samples there is room for */
  int64_t count; /* samples in it */
  Tensor *tensors;
  const Tensor **inputs; /* of a run: as many as the set has */
  float *truth;          /* NULL where there are no labels */
  float *clean;          /* the first input before it was changed; NULL where nothing is compared with it */
  float **given;         /* by output: values that it is to have; NULL: none */
  int64_t *partners;     /* of mixup */
  double *lambda;
  float *sample_scratch;
  Arena arena;
} MicroBatch;

Status micro_batch_new(MicroBatch *batch, const TrainSet *set, const Goal *goal, int64_t most, Error *err);
void micro_batch_free(MicroBatch *batch);

/* Takes samples as they are. */
void micro_batch_take(MicroBatch *batch, const int64_t *indices, int64_t count);
/* Takes samples and changes them. `all` are the samples that partners of mixup are drawn from; `seed` says
   what is drawn for indices[0], seed + 1 for indices[1] ... */
void micro_batch_augment(MicroBatch *batch, const AugmentOptions *augment, const int64_t *indices,
                         int64_t count, const int64_t *all, int64_t all_count, uint64_t seed);

/* The inputs have `rows` samples from now on, at most MICRO_BATCH_LEAST or those there is room for: behind
   the batch's own the last one again. */
void micro_batch_pad(MicroBatch *batch, int64_t rows);

/* What a term's value is to be compared with; `answers` are the teacher's, by goal->teacher_values. */
const float *micro_batch_target(const MicroBatch *batch, const Term *term, const Tensor *const *answers);
/* How many of the rows name their sample's true class; 0 where none is known. */
int64_t micro_batch_right(const MicroBatch *batch, const int64_t *indices, const Tensor *output);

#endif
