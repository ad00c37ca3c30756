/* plan_moves.h - moving nodes take the form of what they stand between. Inside quantize/. */
#ifndef QUANTIZE_PLAN_MOVES_H
#define QUANTIZE_PLAN_MOVES_H

#include "quantize/plan.h"

/* Keeps nodes in float that only move values among float instructions: codes there would cost accuracy and
   save nothing. To be called when all nodes have their plans. */
Status plan_moves(Plan *plan, const Graph *graph, Error *err);

#endif
