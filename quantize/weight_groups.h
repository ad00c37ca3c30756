/*
 * weight_groups.h - 4-bit weights whose scales differ within an output channel: groups of neighbours along
 * the axis that is summed over have a whole factor each on the scale of their channel. Inside quantize/.
 */
#ifndef QUANTIZE_WEIGHT_GROUPS_H
#define QUANTIZE_WEIGHT_GROUPS_H

#include "graph/graph.h"

#define WEIGHT_GROUP_RUN 16 /* groups are a multiple of this: the instruction CONV wants it */

/* How a weight is divided. */
typedef struct WeightGroups {
  int channel_axis, axis;
  int64_t size;           /* weights of a group; 0: there are none */
  int64_t count;          /* of groups in a channel */
  int64_t length, behind; /* a channel is [length along the axis][behind it]: positions of a window */
  int factor_most;        /* factors are 1 to this */
} WeightGroups;

/* Groups of at most `size` weights, as many as divide the dimension; none for weights that are not Conv's,
   Gemm's, MatMul's, of a ConvTranspose of one group or a Gather's table, or whose dimension is no multiple of
   WEIGHT_GROUP_RUN. */
WeightGroups weight_groups_of(const Value *weight, int channel_axis, int64_t size);

/* The largest factor that the accumulator has room for, where a sum has so many products. */
int weight_groups_factor_most(int64_t depth);

/* A channel's weights, which lie as in the tensor, group by group: those of a position of the window first.
 */
void weight_groups_order(const WeightGroups *groups, const float *channel, float *ordered);

/* The scale of every group of such a row that is best for itself; returns the largest. */
double weight_groups_scales(const WeightGroups *groups, const float *row, double *scales);

#endif
