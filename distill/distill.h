/*
 * distill.h - trains a graph: by the true classes of its samples, by a teacher, or by both.
 *
 *     TrainOptions options = train_defaults();
 *     TrainSet set, held;
 *     TRY(train_set_load(&set, &reader, labels, NULL, NULL, &err));
 *     TRY(train_graph(&models, &set, &held, &options, pool, &watch, &report, &err));
 *     onnx_write("student.onnx", models.student, &err);
 *
 * A step sees one batch. The batch is cut into micro-batches that threads work on, each with the memory for
 * one of them; gradients are added up in the order of the micro-batches, so the result does not depend on the
 * number of threads. BatchNormalization takes its statistics from a micro-batch, as is usual where a batch is
 * spread over processors.
 */
#ifndef DISTILL_DISTILL_H
#define DISTILL_DISTILL_H

#include "distill/augment.h"
#include "distill/checkpoint.h"
#include "distill/loss.h"
#include "distill/optimizer.h"
#include "distill/schedule.h"
#include "distill/train_set.h"

/* How the state of a long training is kept, so that it can go on after an interruption. */
typedef struct TrainKeeping {
  const char *path; /* of the checkpoint; NULL: nothing is kept */
  double every;     /* seconds from one to the next; 0: only where the training is stopped or diverges */
  bool resume;      /* go on from the checkpoint */
  const CheckpointFact *facts; /* what must be the same when the training goes on */
  int fact_count;
} TrainKeeping;

typedef struct TrainOptions {
  int64_t epochs, batch, micro_batch;
  uint64_t seed;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  AugmentOptions augment;
  double dropout, input_dropout; /* ratios put before matrix products; 0: none */
  bool keep_zeros;               /* weights of products that are exactly 0 stay so */
  bool relative_rates; /* the rate is in shares of a tensor's own root mean square, as it is at first */
  TrainKeeping keeping;
  bool keep_answers; /* of the teacher, to samples that it sees again unchanged */
} TrainOptions;

TrainOptions train_defaults(void);

/* Graphs that are bound and inferred, with an open batch axis. */
typedef struct TrainModels {
  Graph *student; /* gets the trained weights */
  Graph *twin;    /* the same model once more: becomes the form that is trained */
  Graph *teacher; /* NULL: none; what it is not asked for is dropped from it */
} TrainModels;

/* What was measured in an epoch. */
typedef struct TrainEpoch {
  int64_t epoch;                /* from 1 on */
  double rate;                  /* of learning, at its end */
  double loss;                  /* mean over the samples, as they were trained on */
  double right;                 /* percent of the true classes hit on the way; below 0: not known */
  double held_loss, held_right; /* of samples that are not trained on; NaN and below 0 where there are none */
  double seconds;
} TrainEpoch;

/* By the samples that are not trained on: more right answers, or the same and less loss. `best` of epoch 0
   is none. */
bool train_epoch_is_better(const TrainEpoch *epoch, const TrainEpoch *best);

/* Inner values that were compared. */
typedef struct TrainFeature {
  const char *student, *teacher; /* names */
  FeatureKind kind;
  double weight;
  bool projected; /* through a map that was learned beside */
  double before,
      after; /* what they differ by on held-out samples, without the weight; NaN where there are none */
} TrainFeature;

typedef struct TrainReport {
  int64_t parameters;     /* elements that are trained */
  int64_t frozen;         /* float constants that are none */
  LossKind loss;          /* what AUTO came to */
  int outputs;            /* of the student that are part of the loss */
  TrainFeature *features; /* in the student's arena */
  int feature_count;
  TrainEpoch best;                        /* the epoch whose weights the student has */
  int64_t resumed_epoch, resumed_samples; /* where it went on: samples done before, of all epochs; 0: began */
} TrainReport;

/* How far a training is, after a step. */
typedef struct TrainProgress {
  int64_t epoch, epochs; /* epoch: under way, from 1 on */
  int64_t done, total;   /* samples of all epochs */
  double loss, right;    /* means of this epoch so far; right: percent, below 0 where it is not known */
} TrainProgress;

/* Called from one thread; each may be NULL. */
typedef struct TrainWatch {
  void (*step)(void *context, const TrainProgress *progress);
  /* At the end of each epoch; where a training goes on, first for those that were done before. */
  void (*epoch)(void *context, const TrainEpoch *epoch);
  /* Asked after each step and epoch: true stops the training with INTERRUPTED, after its state is kept. */
  bool (*stop)(void *context);
  void *context;
} TrainWatch;

/* Trains and leaves the weights of the epoch with most held-out answers right, or the least held-out loss
   where those are not known (of the last epoch where nothing is held out) in models->student, as constants in
   its arena. `held` may be NULL or empty. UNSUPPORTED where no gradient goes through a node; BAD_INPUT where
   loss, labels, teacher and outputs do not fit one another, where the checkpoint is damaged or of another
   training, or where the training diverges. A training that goes on ends with the bytes of one that was never
   stopped. The checkpoint of one that ended well is the caller's to remove. */
Status train_graph(TrainModels *models, const TrainSet *set, const TrainSet *held,
                   const TrainOptions *options, Pool *pool, const TrainWatch *watch, TrainReport *report,
                   Error *err);

#endif
