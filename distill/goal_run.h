/* goal_run.h - one worker's losses of a micro-batch: every term of the goal, and on the way back what it adds
   to the gradients. Inside distill/. */
#ifndef DISTILL_GOAL_RUN_H
#define DISTILL_GOAL_RUN_H

#include "distill/micro_batch.h"

typedef struct GoalRun {
  const Goal *goal;
  const Tensor **values; /* by term: what the student computed of it; filled by whoever runs the student */
  double *losses;        /* by term, of the last micro-batch: sums over its samples */
  Tape **tapes;          /* by term: of its projection; NULL: none */
  double *scratch;
  Arena arena;
} GoalRun;

Status goal_run_new(GoalRun *run, const Goal *goal, Error *err);
void goal_run_free(GoalRun *run); /* accepts a zeroed one */

/* Computes `losses` of `values`. `answers`: the teacher's, by goal->teacher_values. Where `tape` is not NULL,
   adds the gradients times `scale` to those of the terms' values there, and computes those of projections. */
Status goal_run_losses(GoalRun *run, const MicroBatch *batch, const Tensor *const *answers, Tape *tape,
                       double scale, Error *err);
/* Of a projection's weight; NULL: zero. */
const Tensor *goal_run_gradient(const GoalRun *run, const Weight *weight);

#endif
