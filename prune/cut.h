/* cut.h - takes channels out of a graph. */
#ifndef PRUNE_CUT_H
#define PRUNE_CUT_H

#include "prune/channels.h"

/* Keeps the channels whose `kept` is true: constants lose the others, attributes and shapes are made to fit,
   shapes are inferred anew. Every group must keep a channel, and one with a reason all of them. `channels` is
   of this graph, and of no use afterwards. UNSUPPORTED where a shape does not come out as it should. */
Status channels_cut(Graph *graph, const Channels *channels, const bool *kept, Error *err);

#endif
