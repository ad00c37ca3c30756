/* goal.h - what is to become small: a list of terms, each of which compares one value of the student with
   something. Inside distill/. */
#ifndef DISTILL_GOAL_H
#define DISTILL_GOAL_H

#include "distill/distill.h"
#include "distill/projection.h"
#include "distill/weights.h"

typedef enum TargetKind {
  TARGET_LABELS,  /* the true classes */
  TARGET_TEACHER, /* goal->teacher_values[place] */
  TARGET_INPUT,   /* the first input, before it was changed */
  TARGET_GIVEN    /* set->targets[place] */
} TargetKind;

typedef struct Term {
  LossFunction function;
  double weight;
  Value *value;     /* of the trained graph */
  Value *student;   /* the same of the one that is written */
  int64_t count;    /* elements of the value for one sample; */
  int64_t compared; /* of what is compared: behind the projection, where there is one */
  TargetKind target;
  int place;
  Projection *projection;         /* what the value goes through; NULL: nothing */
  const AttentionForm *attention; /* NULL: none */
  const char *teacher_name;       /* of an inner value; NULL: the term is of an output */
} Term;

typedef struct Goal {
  LossOptions loss; /* its kind settled: of the first output */
  Term *terms;
  int term_count;
  int outputs; /* of the student that are part of it */
  Value **teacher_values;
  int teacher_count;
  bool labelled;   /* the first output has scores of classes, and the true ones are known; */
  int64_t classes; /* how many there are. terms[0] is then of these scores. */
  size_t term_capacity, teacher_capacity;
  Arena arena;
} Goal;

/* The teacher gets nodes where its values are pooled or summed up. BAD_INPUT where things do not fit one
   another. To be freed after failure too. */
Status goal_settle(Goal *goal, const TrainModels *models, const TrainSet *set, const LossOptions *loss,
                   uint64_t seed, Error *err);
void goal_free(Goal *goal);

/* The weights of projections, behind those of the model. */
Status goal_add_weights(const Goal *goal, Weights *weights, Arena *arena, Error *err);

/* The true classes of samples as probabilities, mixed with those of `partners` by `lambda` of each sample
   (both NULL: not mixed); `truth` has classes * count elements. */
void goal_truth(const Goal *goal, const TrainSet *set, const int64_t *indices, const int64_t *partners,
                const double *lambda, int64_t count, float *truth);

/* ---- for goal_match.c ---- */

Status goal_add_term(Goal *goal, const Term *term, Error *err);
/* The place of a value of the teacher among those that it is run for. */
Status goal_add_teacher_value(Goal *goal, Value *value, int *place, Error *err);
/* The terms of `loss->features`. */
Status goal_add_features(Goal *goal, const TrainModels *models, const LossOptions *loss, uint64_t seed,
                         Error *err);

#endif
