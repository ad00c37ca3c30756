/* plan_groups.h - which values share one scale, and which have 16 bits. Inside quantize/. */
#ifndef QUANTIZE_PLAN_GROUPS_H
#define QUANTIZE_PLAN_GROUPS_H

#include "quantize/plan.h"

/* Fills group and is_source of all values. */
void plan_groups(Plan *plan, const Graph *graph);
/* Then is_wide, and the reason of it. BAD_USAGE where a node cannot have the bits that were chosen for it. */
Status plan_widths(Plan *plan, const Graph *graph, const QuantizeOptions *options, Error *err);

/* True if the value is stored in codes of an activation, alone or with its group. */
static inline bool plan_has_codes(const Plan *plan, const Value *value) {
  ValueUse use = plan->values[value->index].use;
  return use == USE_ACTIVATION || use == USE_OPERAND;
}

#endif
