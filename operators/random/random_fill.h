/* random_fill.h - seeded random tensors: the same seed gives the same numbers on every machine. */
#ifndef OPERATORS_RANDOM_RANDOM_FILL_H
#define OPERATORS_RANDOM_RANDOM_FILL_H

#include "operators/op.h"

#include "base/random.h"

/* Attributes of all of them; each reads some. */
typedef struct RandomParams {
  int64_t dtype; /* 0: as the input */
  float seed;    /* NaN: a fixed one that depends on the node's name */
  float low, high, mean, scale;
  Ints shape;
  int64_t sample_size;
} RandomParams;

#define RANDOM_DTYPE(otherwise_type)                                                                         \
  ATTRIBUTE(RandomParams, dtype, FIELD_INT, .otherwise = (otherwise_type), .least = 0, .most = 31)
#define RANDOM_SEED ATTRIBUTE(RandomParams, seed, FIELD_FLOAT, .otherwise_float = NAN)
#define RANDOM_UNIFORM                                                                                       \
  ATTRIBUTE(RandomParams, low, FIELD_FLOAT), ATTRIBUTE(RandomParams, high, FIELD_FLOAT, .otherwise_float = 1)
#define RANDOM_NORMAL                                                                                        \
  ATTRIBUTE(RandomParams, mean, FIELD_FLOAT),                                                                \
      ATTRIBUTE(RandomParams, scale, FIELD_FLOAT, .otherwise_float = 1)
#define RANDOM_SHAPE                                                                                         \
  ATTRIBUTE(RandomParams, shape, FIELD_INTS, .required = true, .least = 0, .most = INT32_MAX)

Random random_of(const Run *run);
/* The type of the attribute, or that of input 0; BAD_INPUT unless it is in `allowed`. */
Status random_type(const Infer *infer, uint32_t allowed, ElementType *type);

/* Output 0 of the attribute's shape, or of input 0's. */
Status random_infer(Infer *infer);
Status random_infer_like(Infer *infer);
Status random_run_uniform(Run *run);
Status random_run_normal(Run *run);

#endif
