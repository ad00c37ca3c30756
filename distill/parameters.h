/*
 * parameters.h - what a constant is to the model: a weight to be learned, or a number of the computation.
 *
 * Told by what reads it: the operand of a product is a weight, the second input of a Conv's Add is its bias,
 * the factor of a Mul or an epsilon is nothing that training may touch.
 */
#ifndef DISTILL_PARAMETERS_H
#define DISTILL_PARAMETERS_H

#include "operators/op.h"

typedef enum ParameterKind {
  PARAMETER_WEIGHT,  /* trained, decays */
  PARAMETER_BIAS,    /* trained, does not decay; slopes of PRelu too */
  PARAMETER_NORM,    /* scale or bias of a normalization: trained, does not decay */
  PARAMETER_RATIO,   /* of a scale in quantization-aware training: trained, does not decay */
  PARAMETER_RUNNING, /* statistics that training averages: not trained */
  PARAMETER_NONE     /* a constant of the computation */
} ParameterKind;

/* name, kind, what a fresh one holds (of a weight: drawn at random). Where readers differ but agree on that
   number, the first in this list counts: statistics are not trained. */
#define PARAMETER_PARTS(X)                                                                                   \
  X(NONE, PARAMETER_NONE, 0)                                                                                 \
  X(VARIANCE, PARAMETER_RUNNING, 1)                                                                          \
  X(MEAN, PARAMETER_RUNNING, 0)                                                                              \
  X(RATIO, PARAMETER_RATIO, 1)                                                                               \
  X(SCALE, PARAMETER_NORM, 1)                                                                                \
  X(SHIFT, PARAMETER_NORM, 0)                                                                                \
  X(BIAS, PARAMETER_BIAS, 0)                                                                                 \
  X(SLOPE, PARAMETER_BIAS, 0.25) /* He et al. 2015 */                                                        \
  X(EMBEDDING, PARAMETER_WEIGHT, 0)                                                                          \
  X(RECURRENT, PARAMETER_WEIGHT, 0)                                                                          \
  X(LINEAR, PARAMETER_WEIGHT, 0)

typedef enum ParameterPart {
#define X(name, kind, start) PART_##name,
  PARAMETER_PARTS(X)
#undef X
} ParameterPart;

/* What one value is, and the node that says so. */
typedef struct Parameter {
  ParameterPart part;
  const Node *node;     /* NULL for PART_NONE */
  const Value *operand; /* what the node reads: the value itself, or a view of it */
  int input;            /* of the node */
} Parameter;

/* Looks at all readers of a constant float32 value of a bound graph, also through views such as Transpose.
   Where one reader takes it as a weight, it is one; otherwise a reader without a role makes it PART_NONE. */
Parameter parameter_of(const Value *value);
ParameterKind parameter_kind(const Value *value);
/* What every element of a fresh one is; of no use for weights. */
double parameter_start(ParameterPart part);

#endif
