/*
 * prune.h - makes a graph narrower, by taking channels away, and shallower, by taking residual blocks out.
 *
 *     PruneOptions options = {.width = 0.5, .depth = 1};
 *     PruneReport report;
 *     TRY(prune_graph(graph, &options, &report, &err));
 *     for (int i = 0; i < report.group_count; i++) ... report.groups[i].kept, report.groups[i].reason ...
 *     onnx_write("small.onnx", graph, &err);
 *
 * What goes is decided by the weights alone: no data is looked at. Channels that depend on one another go
 * together (channels.h finds them, cut.h takes them away), those whose weights are largest stay
 * (importance.h). Inputs and outputs of the model keep their shapes.
 */
#ifndef PRUNE_PRUNE_H
#define PRUNE_PRUNE_H

#include "prune/blocks.h"
#include "prune/importance.h"

typedef struct PruneOptions {
  double width;  /* share of the channels of each group that stays, above 0; 1: all */
  double depth;  /* share of the residual blocks that stays, above 0; 1: all */
  Importance by; /* what channels are measured by */
} PruneOptions;

/* What became of a group of channels. */
typedef struct PruneGroup {
  const char *name, *type; /* of the first node that makes them */
  int makers;              /* nodes that make some of them */
  int64_t channels, kept;
  const char *reason; /* why all stay: words; NULL: they could go */
} PruneGroup;

typedef struct PruneReport {
  PruneGroup *groups; /* in the order of the nodes, in the graph's arena */
  int group_count;
  int slimmed, whole; /* groups that lost channels; that had to stay whole */
  BlockReport blocks;
} PruneReport;

/* Channels that stay of `count`: the share of them, rounded to the nearest multiple of 8 where that is 32 or
   more, of 4 from 16 on, of 2 from 8 on, else to a whole number; at least 1, at most all. */
int64_t prune_width(int64_t count, double share);

/* The graph must be bound and inferred, and is so afterwards. BAD_INPUT where the depth is below 1 and there
   is no block that could go, or the width below 1 and no group of channels. */
Status prune_graph(Graph *graph, const PruneOptions *options, PruneReport *report, Error *err);

#endif
