/* conv_case.h - what the convolutions share: attributes, and the sizes of a running node. */
#ifndef OPERATORS_CONV_CONV_CASE_H
#define OPERATORS_CONV_CONV_CASE_H

#include "operators/axes.h"
#include "operators/product.h"
#include "operators/reals.h"
#include "operators/window.h"

typedef struct ConvParams {
  WindowParams window;
  int64_t group;
} ConvParams;

#define CONV_ATTRIBUTES                                                                                      \
  WINDOW_ATTRIBUTES, ATTRIBUTE(ConvParams, group, FIELD_INT, .otherwise = 1, .least = 1, .most = INT32_MAX)

/* Sizes of one convolution. Of a transposed one, `window` is that of the convolution that it turns around:
   its outputs are the node's inputs. */
typedef struct ConvCase {
  Window window; /* widened: always 3 axes */
  int64_t batch;
  int64_t group, group_in, group_out; /* groups; input and output channels of each */
  int64_t in_pixels, out_pixels;      /* elements of a channel of the node's input and output */
  int64_t taps;                       /* of a kernel */
} ConvCase;

/* Checks ranks, channels and bias; `input_axis` and `output_axis` are the weight's axes that hold C (or C/g)
   and O (or O/g). Sets *out_channels, which may be unknown. */
Status conv_check(Infer *infer, bool transposed, Dim *out_channels);
/* Fills all but `window` (which must be widened) from the shapes of input 0, weight and output 0. */
void conv_sizes(const Run *run, bool transposed, ConvCase *c);
/* Starts `count` outputs with the bias of channel `channel`; `bias` NULL: with zero. */
void conv_start(const float *bias, float *out, int64_t channel, int64_t count);
/* Channels that go together; of a depthwise convolution its groups go, of another with groups the same
   channels of each group. */
void conv_axes(AxisRules *rules);
void conv_transpose_axes(AxisRules *rules);
Status conv_slim(AxisCut *cut);
/* Convolutions of 1 and 2 axes have an integer form. */
OpRole conv_role(const Node *node, const char **reason);
/* Multiply-accumulates: pixels times the weight's elements, a sample; unknown batch counts as 1. */
int64_t conv_macs(const Node *node, const Value *pixels);

/* What the float32 kernels read and write; `c` says how it lies. */
typedef struct ConvOperands {
  const float *x, *weight, *bias; /* bias NULL: 0 */
  float *out;
} ConvOperands;

/* Whether conv_f32() can: at most two axes, and sizes that fit BLAS. */
bool conv_f32_fits(const ConvCase *c);
/* By the fastest of the kernels below. */
Status conv_f32(Run *run, const ConvCase *c, const ConvOperands *o);

/* Depthwise: one input channel a group. */
bool depthwise_fits(const ConvCase *c);
Status depthwise_f32(Run *run, const ConvCase *c, const ConvOperands *o);

/* By panels, where the processor can. */
bool conv_panels_fit(const ConvCase *c);
Status conv_panels(Run *run, const ConvCase *c, const ConvOperands *o);

/* Through CBLAS, in all other cases. */
Status conv_fast(Run *run, const ConvCase *c, const ConvOperands *o);

#endif
