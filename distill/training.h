/* training.h - a training under way, and how its state is kept and taken up again. Inside distill/. */
#ifndef DISTILL_TRAINING_H
#define DISTILL_TRAINING_H

#include "distill/evaluate.h"
#include "distill/step.h"

/* Where a training is; kept as it is. */
typedef struct TrainPlace {
  int64_t steps;  /* done, of all epochs */
  int64_t done;   /* samples of the epoch under way */
  TrainEpoch now; /* the epoch under way: loss and right are sums of its samples so far */
  TrainEpoch best;
} TrainPlace;

typedef struct Training {
  const TrainOptions *options;
  const TrainSet *set, *held; /* held: NULL where there is none */
  const TrainWatch *watch;
  const TrainModels *models;
  TrainReport *report;
  Weights weights;
  Goal goal;
  Teacher *teacher; /* NULL: nothing is compared with one */
  Step *step;
  Evaluator *evaluator;
  Optimizer *optimizer;
  Pool *pool;
  int64_t *order; /* of the samples in this epoch */
  void *best;     /* weights and statistics of the best epoch; NULL: nothing is held out */
  void *own;      /* weights while their averages are looked at; NULL: no averages are kept */
  TrainPlace place;
  TrainEpoch *rows; /* of the epochs that are done */
  int64_t steps_total;
  Checkpoint good;    /* the last state that is worth keeping; size 0: none yet */
  int64_t good_steps; /* that it comes after */
  double last_kept;   /* seconds of the clock: when it was last written */
} Training;

/* Seconds of a clock that only goes forward. */
double training_clock(void);

/* The state as it is now becomes the last good one, in memory only. */
Status training_remember(Training *training, Error *err);
/* Writes the state as it is now where the time for it has come. */
Status training_keep_when_due(Training *training, Error *err);
/* Writes it; the line of INTERRUPTED says where it is. */
Status training_stop(Training *training, Error *err);
/* Writes the last good state, if there is one; the line of BAD_INPUT says what to do. */
Status training_diverged(Training *training, Error *err);
/* Takes up the state of the checkpoint. */
Status training_resume(Training *training, Error *err);

#endif
