/* parameters.h - which constants of a model are its weights, and what they do. */
#ifndef DISTILL_PARAMETERS_H
#define DISTILL_PARAMETERS_H

#include "operators/op.h"

typedef enum ParameterKind {
  PARAMETER_NONE,   /* a constant of the computation: it is not trained */
  PARAMETER_WEIGHT, /* of a product, a recurrence, an embedding: weight decay concerns it */
  PARAMETER_BIAS,   /* added to a result */
  PARAMETER_NORM,   /* scale of a normalization or of channels */
  PARAMETER_RUNNING /* running statistics of a BatchNormalization: measured, not trained */
} ParameterKind;

/* Of a value of a bound, inferred graph. Where several nodes read it, the first that says anything decides.
 */
ParameterKind parameter_kind(const Value *value);

#endif
