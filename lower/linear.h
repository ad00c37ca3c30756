/*
 * linear.h - constant weights and biases of the linear operators in codes, and the instruction on them.
 */
#ifndef LOWER_LINEAR_H
#define LOWER_LINEAR_H

#include "lower/requant.h"
#include "lower/windows.h"

/*
 * A linear operator as a convolution: out = factor * sum(weight * x) + bias_factor * bias.
 * `rows` are the weights as [outputs][kernel_h][kernel_w][channels of a group], in float.
 */
typedef struct Linear {
  int32_t x; /* the image [N,H,W,C] in codes */
  const float *rows;
  int64_t outputs, kernel_h, kernel_w, group_channels;
  bool depthwise;          /* each output reads one channel: DWCONV */
  const QuantSpec *weight; /* scales; NULL: of the largest weight of each output */
  const uint8_t *factors;  /* of runs in the order of `rows`; NULL: those of the spec are */
  const Tensor *bias;      /* one value or one an output; NULL: none */
  double factor, bias_factor;
  EdgeConvParams params; /* all but the clamp and the zero point */
} Linear;

/* Packs, checks that no accumulator can overflow, and emits CONV or DWCONV into `y`, an image. */
void linear_emit(Builder *b, const Linear *linear, const Result *result, int32_t y);

/* The same into a new image for the result's value. */
void linear_emit_image(Builder *b, const Linear *linear, const Result *result);

/* The weights in codes of their spec, and what is a float beside them, as constants. */
typedef struct CodedWeights {
  int32_t codes, scale; /* scale: of each output, times the factor */
  int32_t factors;      /* -1: none */
  int32_t offset;       /* -128 times the sum of each output's codes */
  int64_t largest;      /* sum of the sizes of an output's codes; both sums with factors */
} CodedWeights;

CodedWeights linear_coded_weights(Builder *b, const Linear *linear);

/* Of `x`, an image of floats, into `y`, another, with the weights in codes of their spec: CONV_F32_CODED or
   DWCONV_F32_CODED; CONV_DYNAMIC where the node has that form. */
void linear_emit_coded(Builder *b, const Linear *linear, int32_t y);
/* True if the node's weights, which have that spec, are in codes and its activations are not. */
bool linear_is_coded(const Node *node, const QuantSpec *weight);

/* All of the Linear of a Conv but x; false where the runtime has no such window. */
bool linear_of_conv(Builder *b, Linear *linear);
/* All but x and bias, of a Gemm or MatMul with constant weights. */
void linear_of_matrix(Builder *b, Linear *linear);
/* Of the convolution that a ConvTranspose is, x included; false where there is none. */
bool linear_of_conv_transpose(Builder *b, Linear *linear, Form form);
/* True for a Gemm's bias that is one value or one an output. */
bool linear_is_vector(const Tensor *bias, int64_t outputs);

/* The bias absorbed from an Add behind a product without one: its constant and its output. False where the
   output's one user is no such Add. */
bool linear_absorbs_add(const Value *output, int64_t outputs, const Tensor **bias, const Value **sum);

/* The weights [O][C/g][KH][KW] of a Conv as rows [O][KH][KW][C/g]; NULL where memory ran out. */
const float *linear_conv_rows(Builder *b, const Tensor *weight, int64_t taps);
EdgeConvParams linear_conv_params(const Window2 *window, int64_t groups);

/* A constant's elements as float32, until the node is done; NULL where memory ran out. */
const float *linear_floats(Builder *b, const Tensor *tensor);

#endif
