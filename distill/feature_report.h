/* feature_report.h - how alike the inner values of student and teacher are, before and after the training.
   Inside distill/. */
#ifndef DISTILL_FEATURE_REPORT_H
#define DISTILL_FEATURE_REPORT_H

#include "distill/evaluate.h"

/* Lists the inner values of the goal in report->features, as they are before the training. `evaluator` NULL:
   nothing is held out, so nothing is measured. */
Status feature_report_begin(TrainReport *report, const Goal *goal, Evaluator *evaluator, Arena *arena,
                            Error *err);
/* Measures again, with the weights as they are now. */
Status feature_report_end(TrainReport *report, const Goal *goal, Evaluator *evaluator, Error *err);

#endif
