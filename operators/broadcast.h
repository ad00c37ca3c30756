/*
 * broadcast.h - walks tensors that are stretched to a common shape, run by run: within a run, each operand
 * either goes on element by element or stands still.
 *
 *     Broadcast plan;
 *     BroadcastPlace at = {0};
 *     broadcast_plan(&plan, &result, (const Shape *[]){&a->shape, &b->shape}, 2);
 *     for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
 *       for (int64_t i = 0; i < plan.length; i++)
 *         y[r * plan.length + i] = f(a[at.offset[0] + i * plan.step[0]], b[at.offset[1] + i * plan.step[1]]);
 */
#ifndef OPERATORS_BROADCAST_H
#define OPERATORS_BROADCAST_H

#include "operators/op.h"

#define BROADCAST_MAX_OPERANDS 3

typedef struct Broadcast {
  int rank; /* of the dims around the run, neighbours joined where all operands allow it */
  int64_t dims[GRAPH_MAX_RANK];
  int operand_count;
  int64_t strides[BROADCAST_MAX_OPERANDS][GRAPH_MAX_RANK]; /* elements; 0 where the operand is stretched */
  int64_t runs, length;                                    /* runs * length elements of the result */
  int64_t step[BROADCAST_MAX_OPERANDS];                    /* within a run: 1, or 0 where it stands still */
} Broadcast;

typedef struct BroadcastPlace {
  int64_t index[GRAPH_MAX_RANK];
  int64_t offset[BROADCAST_MAX_OPERANDS]; /* of the run's first element in each operand */
} BroadcastPlace;

/* Every operand's shape must broadcast to `result`; all dims known. */
void broadcast_plan(Broadcast *plan, const Shape *result, const Shape *const *operands, int count);
/* Goes to the next run, in row-major order of the result. */
void broadcast_next(const Broadcast *plan, BroadcastPlace *at);

#endif
