/*
 * channels.h - which channels of a graph go together.
 *
 *     Channels channels;
 *     TRY(channels_find(&channels, graph, &err));
 *     for (int g = 0; g < channels.group_count; g++)
 *       if (channels.groups[g].reason == NULL) ... channels first..first+count-1 may go, each by itself ...
 *     channels_free(&channels);
 *
 * A channel is all that can only go as one: a row of the weight that makes it, its bias, its numbers in
 * normalizations, the columns of the weights that read it; with a residual connection the same of every layer
 * that adds to it. Channels that lie along the same axes are a group: of what a Concat joins, each part is
 * one.
 */
#ifndef PRUNE_CHANNELS_H
#define PRUNE_CHANNELS_H

#include "operators/axes.h"

typedef struct ChannelGroup {
  int64_t first, count; /* its channels */
  const Node *maker;    /* the first node whose weight makes them */
  int makers;           /* nodes whose weights do */
  const char *reason;   /* why all of them stay, static text; NULL: they may go */
  const Node *stopper;  /* the node that the reason is about; NULL: the graph */
} ChannelGroup;

typedef struct Channels {
  AxisTies *ties;
  int32_t *of_place; /* by place (operators/axes.h): its channel, or -1: no weight makes it */
  int64_t count;
  ChannelGroup *groups; /* in the order of their first makers */
  int group_count;
} Channels;

/* Of a bound and inferred graph. */
Status channels_find(Channels *channels, const Graph *graph, Error *err);
void channels_free(Channels *channels); /* accepts a zeroed one */

/* The channel at index i of an axis of a value, or -1. */
int64_t channel_at(const Channels *channels, const Value *value, int axis, int64_t i);

#endif
