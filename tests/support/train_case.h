/*
 * train_case.h - for tests: a small model with samples in memory, trained as distill/ trains.
 *
 *     TrainCase c;
 *     train_case_begin(&c, TRAIN_CLASSES);           // samples whose classes a linear model can tell
 *     c.options.epochs = 3;
 *     ck_assert_int_eq(train_case_run(&c), OK);      // as often as one likes: each with fresh models
 *     ... train_case_weights(&c), c.report ...
 *     train_case_free(&c);
 *
 * Failures of what is around the training fail the test.
 */
#ifndef TESTS_SUPPORT_TRAIN_CASE_H
#define TESTS_SUPPORT_TRAIN_CASE_H

#include "distill/distill.h"

#define TRAIN_FEATURES 4
#define TRAIN_CLASS_COUNT 3
#define TRAIN_SAMPLES 90
#define TRAIN_HELD 18

typedef enum TrainModel {
  TRAIN_CLASSES, /* Gemm, BatchNormalization, Relu, Dropout, Gemm: three classes */
  TRAIN_LINEAR,  /* Gemm: three classes */
  TRAIN_COPY     /* Gemm: gives its input back */
} TrainModel;

typedef struct TrainCase {
  TrainModel model;
  TrainOptions options;
  TrainWatch watch;
  Pool *pool; /* NULL: one thread */
  float samples[TRAIN_SAMPLES][TRAIN_FEATURES];
  int64_t labels[TRAIN_SAMPLES];
  int64_t held; /* samples held out; 0: none */
  TrainModels models;
  TrainReport report;
  Error err;
  int64_t position; /* of the reader */
  Tensor form;
} TrainCase;

void train_case_begin(TrainCase *c, TrainModel model);
Status train_case_run(TrainCase *c);
/* All float constants of the student behind one another; `count` of them. */
const float *train_case_weights(TrainCase *c, int64_t *count);
void train_case_free(TrainCase *c);

#endif
