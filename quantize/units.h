/*
 * units.h - what becomes one instruction in a graph that has its specs: a node with the functions that are
 * fused into it, or an input that is rounded. Damage is measured unit by unit. Inside quantize/.
 */
#ifndef QUANTIZE_UNITS_H
#define QUANTIZE_UNITS_H

#include "graph/graph.h"

typedef struct Unit {
  const Node *node; /* NULL: an input of the graph */
  Value *first;     /* output of the node; those of what is fused behind it follow: unit_next() */
  Value *weight;    /* constant, in codes; NULL: none */
  int axis;         /* of its channels */
} Unit;

/* In the order of the nodes, inputs first. `units` has room for node_count + input_count. */
Status units_find(const Graph *graph, Unit *units, int *count, Error *err);

/* The output of what is fused behind the node that makes `value`; NULL: nothing is. */
Value *unit_next(const Value *value);

/* Sets the marks, by value index, of the values that the unit rounds. */
void unit_mark(const Unit *unit, bool *is_rounded);

#endif
