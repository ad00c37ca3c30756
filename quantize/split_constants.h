/* split_constants.h - constants that are used in more than one way. Inside quantize/. */
#ifndef QUANTIZE_SPLIT_CONSTANTS_H
#define QUANTIZE_SPLIT_CONSTANTS_H

#include "quantize/plan.h"

/* How a node uses the constant that is its input i. `plan` of the node is made. */
ValueUse constant_use(const NodePlan *plan, const Node *node, int i);

/* Gives every constant one use: where nodes use it in different ways, the later ones read a second value with
   the same tensor. `nodes` are the plans by node index. */
Status split_constants(Graph *graph, const NodePlan *nodes, Error *err);

#endif
