/*
 * channel_means.h - means over samples and positions of the channels that layers read and write. Inside
 * quantize/.
 */
#ifndef QUANTIZE_CHANNEL_MEANS_H
#define QUANTIZE_CHANNEL_MEANS_H

#include "quantize/simulate.h"

typedef struct ChannelMeans {
  const double **sums; /* by layer: means of its result with bias, before it is rounded */
  const double **data; /* by layer: means of what it reads, after rounding */
  Arena arena;
} ChannelMeans;

/* Means over samples from..from+count-1. Sums are added in the order of the samples, so that they do not
   depend on threads. */
Status channel_means(ChannelMeans *means, Simulator *simulator, const Layers *layers, SimulatedAs as,
                     int64_t from, int64_t count, Error *err);
/* The mean squares of what layers read take the place of `data`. */
Status channel_squares(ChannelMeans *squares, Simulator *simulator, const Layers *layers, SimulatedAs as,
                       int64_t from, int64_t count, Error *err);
void channel_means_free(ChannelMeans *means);

#endif
