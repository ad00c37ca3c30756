#include "operators/broadcast.h"

#include <string.h>

/* Strides of one operand over the result's dims: 0 along those that it lacks or has as 1. */
static void stretch(const Shape *result, const Shape *operand, int64_t strides[GRAPH_MAX_RANK]) {
  int64_t own[GRAPH_MAX_RANK];
  shape_strides(operand, own);
  int missing = result->rank - operand->rank;
  for (int d = 0; d < result->rank; d++)
    strides[d] = d < missing || operand->dims[d - missing] == 1 ? 0 : own[d - missing];
}

static bool joins(const Broadcast *plan, const int64_t strides[][GRAPH_MAX_RANK], int d, int64_t dim) {
  for (int k = 0; k < plan->operand_count; k++)
    if (plan->strides[k][plan->rank - 1] != strides[k][d] * dim) return false;
  return true;
}

/* Puts dim d of the result behind those that the plan has, or into the last of them. */
static void add_dim(Broadcast *plan, const int64_t strides[][GRAPH_MAX_RANK], int d, int64_t dim) {
  if (dim == 1) return;
  if (plan->rank > 0 && joins(plan, strides, d, dim))
    plan->dims[plan->rank - 1] *= dim;
  else
    plan->dims[plan->rank++] = dim;
  for (int k = 0; k < plan->operand_count; k++) plan->strides[k][plan->rank - 1] = strides[k][d];
}

void broadcast_plan(Broadcast *plan, const Shape *result, const Shape *const *operands, int count) {
  memset(plan, 0, sizeof *plan);
  plan->operand_count = count;
  plan->runs = plan->length = 1;
  if (shape_elements(result) == 0) {
    plan->runs = 0;
    return;
  }
  int64_t strides[BROADCAST_MAX_OPERANDS][GRAPH_MAX_RANK];
  for (int k = 0; k < count; k++) stretch(result, operands[k], strides[k]);
  for (int d = 0; d < result->rank; d++)
    add_dim(plan, (const int64_t(*)[GRAPH_MAX_RANK])strides, d, result->dims[d]);
  if (plan->rank == 0) return;
  plan->rank--;
  plan->length = plan->dims[plan->rank];
  for (int k = 0; k < count; k++) plan->step[k] = plan->strides[k][plan->rank];
  for (int d = 0; d < plan->rank; d++) plan->runs *= plan->dims[d];
}

void broadcast_next(const Broadcast *plan, BroadcastPlace *at) {
  for (int d = plan->rank - 1; d >= 0; d--) {
    at->index[d]++;
    for (int k = 0; k < plan->operand_count; k++) at->offset[k] += plan->strides[k][d];
    if (at->index[d] < plan->dims[d]) return;
    at->index[d] = 0;
    for (int k = 0; k < plan->operand_count; k++) at->offset[k] -= plan->strides[k][d] * plan->dims[d];
  }
}
