/*
 * blocks.h - takes residual blocks out of a graph.
 *
 * A block is what an Add puts onto a value: y = x + f(x), of one shape, with f(x) made from x and constants
 * alone and read by nobody else. Without it, y is x. Blocks that follow one another directly are a stage.
 * What leads into a stage, other than the first, is as good as a block that always stays: it changes the
 * shape.
 */
#ifndef PRUNE_BLOCKS_H
#define PRUNE_BLOCKS_H

#include "operators/op.h"

typedef struct BlockReport {
  int found;  /* blocks that could go */
  int blocks; /* those, and what leads into stages */
  int removed;
  const char **names; /* of the Adds of those removed, in the graph's arena */
} BlockReport;

/* Takes blocks out until `share` of all is left, as far as that is possible; those that stay are spread
   evenly over the stages and within each, whose first always stays. The graph must be bound and inferred, and
   is so afterwards. BAD_INPUT where there is none that could go. */
Status blocks_remove(Graph *graph, double share, BlockReport *report, Error *err);

#endif
