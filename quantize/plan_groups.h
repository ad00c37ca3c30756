/* plan_groups.h - which values share one scale, and which may have 16 bits. Inside quantize/. */
#ifndef QUANTIZE_PLAN_GROUPS_H
#define QUANTIZE_PLAN_GROUPS_H

#include "quantize/plan.h"

/* Fills group, is_source and is_wide of all values. */
void plan_groups(Plan *plan, const Graph *graph, bool wide_outputs);

#endif
