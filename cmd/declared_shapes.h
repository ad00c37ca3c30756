/*
 * declared_shapes.h - what a model file says of the shapes of its inputs and outputs, noted before the
 * samples' shapes are bound, so that what is written takes as many samples at once as the model did.
 */
#ifndef CMD_DECLARED_SHAPES_H
#define CMD_DECLARED_SHAPES_H

#include "graph/graph.h"

typedef struct DeclaredShapes {
  const Value *inputs, *outputs; /* copies, of which only the shapes count */
} DeclaredShapes;

/* Lives in `arena`. */
Status declared_shapes_note(DeclaredShapes *declared, const Graph *graph, Arena *arena, Error *err);

/* Gives a graph that was made from that one the same shapes, if it still computes outputs of such shapes from
   inputs of such shapes; else leaves it as it is. Symbols must have the same indices. The graph is bound. */
Status declared_shapes_restore(const DeclaredShapes *declared, Graph *graph, Error *err);

#endif
