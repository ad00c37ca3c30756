/*
 * plan.h - what becomes of each node and value, decided from the graph alone, before any data is seen: which
 * nodes run in integers, which values exist only inside an instruction, which share a scale. Inside
 * quantize/.
 */
#ifndef QUANTIZE_PLAN_H
#define QUANTIZE_PLAN_H

#include "operators/op.h"
#include "quantize/quantize.h"

typedef enum ValueUse {
  USE_NONE = 0,   /* nobody reads it */
  USE_ACTIVATION, /* int8 or int16 codes */
  USE_CLAMPED,    /* inside its producer: its one user is a Relu or Clip, or an Add that is the bias */
  USE_TABLED,     /* inside its producer: its one user is a table */
  USE_WEIGHT,
  USE_BIAS,
  USE_OPERAND,   /* constant of an element-by-element or moving operator */
  USE_ATTRIBUTE, /* constant that lowering reads: shapes, pads, bounds */
  USE_FLOAT,
  USE_INDEX
} ValueUse;

typedef struct ValuePlan {
  ValueUse use;
  int group;          /* values of one group share one spec: the index of its first value */
  bool is_source;     /* its range counts for the group: it is not just moved from another member */
  bool is_wide;       /* 16 bits */
  const char *reason; /* of USE_FLOAT, and of 16 bits */
} ValuePlan;

typedef struct NodePlan {
  OpRole role;
  bool is_integer;
  const char *reason; /* where it is not */
  bool is_linear;     /* with constant weights, or a Gather with a table in codes: `form` holds */
  LinearForm form;
  Node *bias_add;      /* the Add behind a MatMul that is its bias; NULL */
  int weight_bits;     /* of linear nodes: codes of the weights; 0: plan_bits() has not decided yet */
  int activation_bits; /* that the user has chosen; 0: none */
} NodePlan;

typedef struct Plan {
  Arena arena;
  NodePlan *nodes;   /* by node index */
  ValuePlan *values; /* by value index */
} Plan;

/* May give a constant that is used in two ways a second value (graph values grow). */
Status plan_make(Plan *plan, Graph *graph, const QuantizeOptions *options, Error *err);
/* Gives each linear node that the user has not chosen bits for as many as the scheme has: `inner`, or `outer`
   (0: the same) for the first and the last one. */
void plan_bits(Plan *plan, const Graph *graph, int inner, int outer);
void plan_free(Plan *plan);

/* Why the results of a node cannot have 16 bits; NULL where they can. */
const char *plan_narrow_reason(const Plan *plan, const Graph *graph, const Node *node);

/* True for Relu and for Clip with constant bounds: `low` and `high` are the bounds (infinite where absent).
 */
bool plan_is_clamp(const Node *node, double *low, double *high);

#endif
