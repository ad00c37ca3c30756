/*
 * loss.h - what training makes small, as a function of a model's output, and its gradient.
 *
 * Distillation is that of Hinton, Vinyals and Dean (2015, "Distilling the Knowledge in a Neural Network"):
 * the divergence of softmax(student / T) from softmax(teacher / T), times T squared so that its gradients
 * keep their size whatever T is, mixed with the cross-entropy of the true classes.
 */
#ifndef DISTILL_LOSS_H
#define DISTILL_LOSS_H

#include "base/base.h"

#define LOSSES(X)                                                                                            \
  X(AUTO, "auto", "cross-entropy, distillation or mse: what fits labels, teacher and output")                \
  X(CROSS_ENTROPY, "cross-entropy", "of the true classes")                                                   \
  X(DISTILLATION, "distillation", "of the teacher's soft classes, mixed with the true ones")                 \
  X(MSE, "mse", "mean squared error to the teacher's output")                                                \
  X(RECONSTRUCTION, "reconstruction", "mean squared error to the model's own input: autoencoders")

typedef enum LossKind {
#define X(name, text, brief) LOSS_##name,
  LOSSES(X)
#undef X
} LossKind;

typedef struct LossOptions {
  LossKind kind;
  double temperature; /* of DISTILLATION: above 0 */
  double hard_weight; /* of DISTILLATION: 0..1, the share of the cross-entropy of the true classes */
} LossOptions;

/* `rows` outputs of `count` elements each. */
typedef struct LossRows {
  int64_t rows, count;
  const float *output;
  const float *target; /* the teacher's output, or what is to be reconstructed; NULL: none */
  const float *truth;  /* probabilities of the true classes; NULL: none */
  float *gradient;     /* is added to; NULL: nobody asks */
  double scale;        /* of the gradient: 1 / samples of the batch */
  double *scratch;     /* 2 * count */
} LossRows;

/* The sum of the rows' losses, unscaled. */
double loss_rows(const LossOptions *options, const LossRows *rows);

/* The largest element of a row. */
int64_t loss_class_of(const float *row, int64_t count);

#endif
