#include "distill/feature_report.h"

#include <math.h>

static int count_features(const Goal *goal) {
  int count = 0;
  for (int t = 0; t < goal->term_count; t++) count += goal->terms[t].teacher_name != NULL;
  return count;
}

/* What the term of feature i is without its weight. */
static double measured(const Goal *goal, const Evaluator *evaluator, int i) {
  for (int t = 0; evaluator != NULL && t < goal->term_count; t++)
    if (goal->terms[t].teacher_name != NULL && i-- == 0)
      return evaluator_term(evaluator, t) / goal->terms[t].weight;
  return NAN;
}

static Status evaluate(const TrainReport *report, Evaluator *evaluator, Error *err) {
  Evaluation evaluation;
  return evaluator == NULL || report->feature_count == 0 ? OK : evaluator_run(evaluator, &evaluation, err);
}

Status feature_report_begin(TrainReport *report, const Goal *goal, Evaluator *evaluator, Arena *arena,
                            Error *err) {
  report->feature_count = count_features(goal);
  report->features = arena_new(arena, (size_t)report->feature_count, sizeof *report->features, err);
  if (report->features == NULL) return err->status;
  TRY(evaluate(report, evaluator, err));
  for (int t = 0, i = 0; t < goal->term_count; t++) {
    const Term *term = &goal->terms[t];
    if (term->teacher_name == NULL) continue;
    report->features[i] = (TrainFeature){.student = term->student->name,
                                         .teacher = term->teacher_name,
                                         .kind = term->attention != NULL ? FEATURE_ATTEND : FEATURE_MATCH,
                                         .weight = term->weight,
                                         .projected = term->projection != NULL,
                                         .before = measured(goal, evaluator, i),
                                         .after = NAN};
    i++;
  }
  return OK;
}

Status feature_report_end(TrainReport *report, const Goal *goal, Evaluator *evaluator, Error *err) {
  TRY(evaluate(report, evaluator, err));
  for (int i = 0; i < report->feature_count; i++) report->features[i].after = measured(goal, evaluator, i);
  return OK;
}
