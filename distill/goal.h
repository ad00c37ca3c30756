/* goal.h - what a model's output is compared to: which of its values, with which loss. Inside distill/. */
#ifndef DISTILL_GOAL_H
#define DISTILL_GOAL_H

#include "distill/distill.h"

typedef struct Goal {
  LossOptions loss;                       /* its kind settled */
  Value *output;                          /* of the trained graph: what the loss is a function of */
  Value *student_output, *teacher_output; /* the same of the others; the teacher's NULL where there is none */
  int64_t classes;                        /* elements of a row */
} Goal;

/* BAD_INPUT where they do not fit one another. */
Status goal_settle(Goal *goal, const TrainModels *models, const TrainSet *set, const LossOptions *loss,
                   Error *err);

/* The true classes of samples as probabilities, mixed with those of `partners` by `lambda` of each sample
   (both NULL: not mixed); `truth` has classes * count elements. */
void goal_truth(const Goal *goal, const TrainSet *set, const int64_t *indices, const int64_t *partners,
                const double *lambda, int64_t count, float *truth);

#endif
