/* teacher.h - what the teacher makes of samples: computed by it, or kept from when it was asked before.
   Inside distill/. */
#ifndef DISTILL_TEACHER_H
#define DISTILL_TEACHER_H

#include "distill/micro_batch.h"

typedef struct Teacher Teacher;
typedef struct Answers Answers;

/* What answers to one set of samples may take in the temporary file. */
#define ANSWERS_MAX_BYTES ((size_t)4 << 30)

/* The graph's outputs become goal->teacher_values, and what they do not need is dropped. */
Status teacher_new(Teacher **teacher, Graph *graph, const Goal *goal, int64_t micro_batch, int workers,
                   Error *err);
void teacher_free(Teacher *teacher); /* accepts NULL */

/* Room for the answers to samples of a set; *answers is NULL where they would take more than
   ANSWERS_MAX_BYTES, or where there is no room for such a file. */
Status answers_new(Answers **answers, const Teacher *teacher, const TrainSet *set, Error *err);
void answers_free(Answers *answers); /* accepts NULL */

/* The answers to a micro-batch, by goal->teacher_values, until the worker's next one. `kept`: NULL, or where
   they are taken from if all are known there, and are put otherwise: for samples that were not changed.
   Several workers may ask at a time, for different samples. A teacher of NULL gives NULL. */
Status teacher_ask(Teacher *teacher, int worker, MicroBatch *batch, const int64_t *indices, Answers *kept,
                   const Tensor *const **answers, Error *err);

#endif
