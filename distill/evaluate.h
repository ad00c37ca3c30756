/* evaluate.h - loss and right answers of a student on samples that it is not trained on. Inside distill/. */
#ifndef DISTILL_EVALUATE_H
#define DISTILL_EVALUATE_H

#include "distill/teacher.h"

typedef struct Evaluator Evaluator;

typedef struct Evaluation {
  double loss;  /* mean over the samples */
  double right; /* percent; below 0 where no true classes are known */
} Evaluation;

/* `teacher`: NULL where no term compares with one. */
Status evaluator_new(Evaluator **evaluator, const TrainModels *models, const Goal *goal, Teacher *teacher,
                     const TrainSet *held, const TrainOptions *options, Pool *pool, Error *err);
void evaluator_free(Evaluator *evaluator); /* accepts NULL */
/* With the weights as they are now. */
Status evaluator_run(Evaluator *evaluator, Evaluation *evaluation, Error *err);
/* The part of a term of the goal in the loss of the last run. */
double evaluator_term(const Evaluator *evaluator, int term);

#endif
