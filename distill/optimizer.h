/*
 * optimizer.h - from gradients to the next weights: stochastic gradient descent with momentum (Nesterov's
 * too), Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), with gradient clipping by the norm
 * of all gradients together and a moving average of the weights.
 */
#ifndef DISTILL_OPTIMIZER_H
#define DISTILL_OPTIMIZER_H

#include "base/base.h"

#define OPTIMIZERS(X)                                                                                        \
  X(SGD, "sgd", "stochastic gradient descent with momentum")                                                 \
  X(ADAM, "adam", "steps scaled by the gradients' own size; weight decay is part of the gradient")           \
  X(ADAMW, "adamw", "the same, with weight decay apart from the gradient")

typedef enum OptimizerKind {
#define X(name, text, brief) OPTIMIZER_##name,
  OPTIMIZERS(X)
#undef X
} OptimizerKind;

typedef struct OptimizerOptions {
  OptimizerKind kind;
  double momentum; /* of SGD */
  bool nesterov;
  double beta1, beta2, epsilon; /* of Adam and AdamW */
  double weight_decay;
  double clip_norm; /* the most that the norm of all gradients may be; 0: any */
  double ema;       /* share of the average that stays in a step; 0: no average is kept */
} OptimizerOptions;

OptimizerOptions optimizer_defaults(void);

/* A tensor that is trained. */
typedef struct OptimizedTensor {
  float *value;
  int64_t count;
  bool decays;         /* weight decay concerns it */
  double rate_factor;  /* of its learning rate */
  const uint8_t *mask; /* NULL, or 0 for elements that stay 0 */
} OptimizedTensor;

typedef struct Optimizer Optimizer;

/* Copies the list; the values are the caller's. */
Status optimizer_new(Optimizer **optimizer, const OptimizerOptions *options,
                     const OptimizedTensor *parameters, int count, Error *err);
void optimizer_free(Optimizer *optimizer); /* accepts NULL */

/* The gradient of parameter i that the next step goes by, unchanged until then; NULL: zero. */
void optimizer_set_gradient(Optimizer *optimizer, int i, const float *gradient);
/* One step; returns the norm of all gradients before clipping. Where that is not finite, nothing is changed.
   The result does not depend on the pool, which may be NULL. */
double optimizer_step(Optimizer *optimizer, double rate, Pool *pool);

/* The moving average of parameter i; NULL where none is kept. */
const float *optimizer_average(const Optimizer *optimizer, int i);

/* Everything but the values, for checkpoints. optimizer_load(): BAD_INPUT where the size is another or the
   count of steps is none; then nothing is changed. */
size_t optimizer_state_bytes(const Optimizer *optimizer);
void optimizer_save(const Optimizer *optimizer, void *bytes);
Status optimizer_load(Optimizer *optimizer, const void *bytes, size_t size, Error *err);

#endif
