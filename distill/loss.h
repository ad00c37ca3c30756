/*
 * loss.h - what training makes small: functions of what a model computes and what that is compared with, and
 * their gradients.
 *
 *     LossRows rows = {.rows = 32, .count = 10, .output = y, .target = teacher, .gradient = dy,
 *                      .weight = 1, .scale = 1 / 128.0, .temperature = 4, .scratch = room};
 *     double loss = loss_function(LOSS_DISTILLATION)(&rows);
 *
 * Distillation is that of Hinton, Vinyals and Dean (2015, "Distilling the Knowledge in a Neural Network"):
 * the divergence of softmax(student / T) from softmax(teacher / T), times T squared so that its gradients
 * keep their size whatever T is.
 */
#ifndef DISTILL_LOSS_H
#define DISTILL_LOSS_H

#include "base/base.h"

#define LOSSES(X)                                                                                            \
  X(AUTO, "auto",                                                                                            \
    "cross-entropy, distillation, mse or reconstruction: what fits labels, teacher and output")              \
  X(CROSS_ENTROPY, "cross-entropy", "of the true classes")                                                   \
  X(DISTILLATION, "distillation", "of the teacher's soft classes, mixed with the true ones")                 \
  X(MSE, "mse", "mean squared error to the teacher's output")                                                \
  X(MAE, "mae", "mean absolute error to it")                                                                 \
  X(HUBER, "huber", "squared where the error is below 1, absolute beyond (Huber 1964)")                      \
  X(RECONSTRUCTION, "reconstruction", "mean squared error to the model's own input: autoencoders")           \
  X(NONE, "none", "of the outputs nothing: only inner values are compared")

typedef enum LossKind {
#define X(name, text, brief) LOSS_##name,
  LOSSES(X)
#undef X
} LossKind;

/* An inner value of the student that is to become like one of the teacher's. */
typedef enum FeatureKind {
  FEATURE_MATCH, /* element by element */
  FEATURE_ATTEND /* where it is large */
} FeatureKind;

typedef struct FeatureOption {
  FeatureKind kind;
  const char *student; /* name; NULL: that of the teacher's */
  const char *teacher; /* name or, where `student` is NULL, a pattern with '*' and '?', or "auto"; a weight
                          may stand behind: NAME:WEIGHT */
} FeatureOption;

typedef struct LossOptions {
  LossKind kind;
  double temperature; /* of DISTILLATION: above 0 */
  double
      hard_weight; /* 0..1: the share of the truth (classes or target values) where there is a teacher too */
  const FeatureOption *features;
  int feature_count;
} LossOptions;

/* How the elements of a value of one sample make a map: the mean square over the channels, at each place. */
typedef struct AttentionForm {
  int64_t channels, positions;
  int64_t channel_stride, position_stride; /* in elements */
  int64_t places;                          /* of the map: `positions` or, where it is pooled, fewer */
  const int64_t *place_of;                 /* by position */
} AttentionForm;

/* `rows` values of `count` elements each, and what they are compared with. */
typedef struct LossRows {
  int64_t rows, count;
  const float *output;
  const float *target;
  float *gradient; /* is added to; NULL: nobody asks */
  double weight;   /* of this loss among others */
  double scale;    /* of the gradient: 1 / samples of the batch */
  double temperature;
  const AttentionForm *attention; /* of loss_attention() */
  double *scratch;                /* 2 * count, of loss_attention() 2 * places */
} LossRows;

/* The sum of the rows' losses times their weight. */
typedef double (*LossFunction)(const LossRows *rows);

/* Of an output: any kind but AUTO and NONE. */
LossFunction loss_function(LossKind kind);
/* Zagoruyko and Komodakis (2017, "Paying More Attention to Attention"): squared difference of two maps that
   are scaled to length 1. `count`: elements of the student's value; `target` has a map for each row. */
double loss_attention(const LossRows *rows);

/* The largest element of a row. */
int64_t loss_class_of(const float *row, int64_t count);

#endif
