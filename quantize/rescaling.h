/*
 * rescaling.h - what methods share that scale the channels of a tensor between its producer and the layers
 * that read it. Inside quantize/.
 */
#ifndef QUANTIZE_RESCALING_H
#define QUANTIZE_RESCALING_H

#include "quantize/recovery.h"

#define RESCALING_MOST 64.0 /* largest factor, and least one's inverse */

/* Largest sizes of the channels that layers read, over all samples. */
typedef struct ChannelRanges {
  const Layers *layers;
  float **largest; /* [worker][layer]: a worker has its own; in the end worker 0 has those of all */
  int workers;
} ChannelRanges;

Status channel_ranges(ChannelRanges *ranges, Recovery *recovery, Arena *arena, Error *err);

/* The first layer that reads a value, or NULL. */
Layer *layer_reading(const Layers *layers, const Value *value);
/* One reader, and no output of the graph. */
bool value_is_single(const Value *value);
/* Its weight is a list of rows that nobody else reads. */
bool layer_has_own_weights(const Layer *layer);
/* Raises largest[channel] to the largest weight that reads the channel. */
void layer_largest_columns(const Layer *layer, double *largest);
/* Weights that read channel c are multiplied by factors[c]: a new constant. */
Status layer_scale_columns(Graph *graph, Layer *layer, const double *factors, Error *err);
/* A copy in the graph's arena; NULL when memory runs out. */
Tensor *constant_copy(Graph *graph, const Tensor *tensor, Error *err);

/* Ranges and scales anew, as recovery->renewed; weights keep the bits that they had. */
Status calibrate_again(Recovery *recovery, Error *err);

#endif
