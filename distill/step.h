/* step.h - the gradient of one batch: micro-batches over threads, sums in a fixed order. Inside distill/. */
#ifndef DISTILL_STEP_H
#define DISTILL_STEP_H

#include "distill/teacher.h"
#include "distill/weights.h"

typedef struct Step Step;

typedef struct StepResult {
  double loss;   /* sum over the samples */
  int64_t right; /* of them whose true class the output names */
} StepResult;

/* `teacher`: NULL where no term compares with one. */
Status step_new(Step **step, const TrainModels *models, const Weights *weights, const Goal *goal,
                Teacher *teacher, const TrainSet *set, const TrainOptions *options, Pool *pool, Error *err);
void step_free(Step *step); /* accepts NULL */

/* Computes the gradients of the mean loss of the samples, and moves the running statistics. What is drawn at
   random depends on `seed`, and differs from micro-batch to micro-batch. */
Status step_run(Step *step, const int64_t *indices, int64_t count, uint64_t seed, StepResult *result,
                Error *err);
/* Of weight i, after step_run(). */
const float *step_gradient(const Step *step, int i);

#endif
