/*
 * net_case.h - for tests: small networks with samples, quantized and run the whole way.
 *
 *     NetCase c;
 *     net_case_begin(&c);
 *     Value *y = net_case_conv(&c, c.input, 4, 3, weights, bias);   // 4 channels, 3x3, pad 1
 *     y = net_case_node(&c, "Relu", y);
 *     net_case_quantize(&c, y, quantize_defaults());                // calibrate, specs, lower, load, compare
 *     ... c.comparison.sqnr, c.report ...
 *     net_case_free(&c);
 *
 * The input is [1, NET_CHANNELS, NET_SIDE, NET_SIDE]; samples are seeded noise of deviation 1 unless `scale`
 * or `fill` say otherwise. Failures abort the test.
 */
#ifndef TESTS_SUPPORT_NET_CASE_H
#define TESTS_SUPPORT_NET_CASE_H

#include "formats/edge/edge_file.h"
#include "quantize/choice.h"
#include "quantize/quantize.h"
#include "verify/verify.h"

#define NET_CHANNELS 4
#define NET_SIDE 8
#define NET_SAMPLES 48 /* 32 calibrate, 16 verify */

typedef struct NetCase NetCase;

struct NetCase {
  Graph *graph;
  Value *input;
  float scale;                                /* of the samples */
  void (*fill)(float *sample, int64_t index); /* NULL: noise */
  Pool *pool;                                 /* NULL: one thread */
  NodeChoices choices;                        /* none: everything in integers */
  Tensor form;
  int64_t position;
  SampleReader reader;
  QuantizeReport report;
  EdgeFile file;
  Arena memory;
  void *bytes; /* of the file */
  size_t size;
  Comparison comparison;
  /* NULL, or called once the graph has its specs; what is made of it is compared with the graph returned. */
  const Graph *(*after)(NetCase *c, const QuantizeOptions *options);
  Error err;
};

void net_case_begin(NetCase *c);
/* Constant float32 tensor. */
Value *net_case_constant(NetCase *c, const Shape *shape, const float *values);
/* Conv with `channels` outputs, a square kernel and padding that keeps the size; bias may be NULL. */
Value *net_case_conv(NetCase *c, Value *x, int64_t channels, int64_t kernel, const float *weights,
                     const float *bias);
Value *net_case_node(NetCase *c, const char *type, Value *x);
Value *net_case_pair(NetCase *c, const char *type, Value *a, Value *b);
/* Seeded normal values times `deviation`, in the graph's arena. */
float *net_case_noise(NetCase *c, int64_t count, uint64_t seed, float deviation);
/* `y` becomes the output; the whole way. Returns the status of quantize_graph or what comes before it. */
Status net_case_quantize(NetCase *c, Value *y, QuantizeOptions options);
/* The same of a graph that is whole, compared with another. */
Status net_case_run(NetCase *c, const Graph *reference, QuantizeOptions options);
void net_case_free(NetCase *c);

#endif
