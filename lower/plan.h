/*
 * plan.h - the memory plan: where in one arena buffers lie that live at different times.
 *
 *     PlanBuffer buffers[] = {{.bytes = 100, .first = 0, .last = 2}, ...};
 *     TRY(plan_memory(buffers, count, 64, &total, &err));       // sets .offset
 */
#ifndef LOWER_PLAN_H
#define LOWER_PLAN_H

#include "base/base.h"

/* Alive at the steps first..last, both included: two buffers of which one's last step is the other's first
   must not overlap, because one is read while the other is written. */
typedef struct PlanBuffer {
  size_t bytes;
  int first, last;
  size_t offset; /* the result, a multiple of the alignment */
} PlanBuffer;

/* Largest buffers first, each into the smallest gap that holds it. `total` is the arena's size, a multiple of
   the alignment. The result depends on nothing but the arguments. */
Status plan_memory(PlanBuffer *buffers, int count, size_t alignment, size_t *total, Error *err);

#endif
