/* cast.h - what Cast and CastLike share. */
#ifndef OPERATORS_UNARY_CAST_H
#define OPERATORS_UNARY_CAST_H

#include "operators/op.h"

#define CAST_TYPES (ELEMENTS_NUMERIC | ELEMENTS_NARROW | ELEMENT_BIT(ELEMENT_BOOL))

/* The attributes about narrow floats: what becomes of numbers beyond their range, and how E8M0 rounds. */
typedef struct CastRules {
  bool saturate;
  int round_mode; /* PowerRounding */
} CastRules;

extern const char *const cast_round_modes[];
#define CAST_RULES(type)                                                                                     \
  {.name = "saturate", .offset = offsetof(type, rules.saturate), .field = FIELD_BOOL, .otherwise = 1}, {     \
    .name = "round_mode", .offset = offsetof(type, rules.round_mode), .field = FIELD_CHOICE,                 \
    .otherwise = POWER_UP, .choices = cast_round_modes                                                       \
  }

/* Fills `y` with the elements of `x` in y's type: floats to integers truncated and saturated (NaN gives 0),
   to narrow integers and integers among each other by their lowest bits, to floats rounded to the nearest
   even, to bool != 0. */
void cast_tensor(const Tensor *x, Tensor *y, const CastRules *rules);
/* Output 0 is input 0 in type `to`. */
Status cast_infer(Infer *infer, ElementType to);
OpRole cast_role(const Node *node, const char **reason);

#endif
