/*
 * samples.h - turns an OpSample, the short notation of the rows, into a graph of one node and its inputs.
 *
 *     SampleCase c;
 *     TRY(sample_build(op, &op->samples[0], 0, &c, &err));
 *     TRY(op_bind_graph(c.graph, &err));        // c.node is its only node
 *     ... c.inputs[i] is the tensor of the node's input i, NULL for an absent one
 *     graph_free(c.graph);                      // the tensors too
 *
 * OpSample.inputs: the node's inputs, separated by commas, each of them
 *
 *     -                     an optional one that is absent
 *     TYPE DIMS RANGE VALUES !      written without spaces, all but TYPE optional:
 *
 *     TYPE    f32 f64 f16 bf16 i8 u8 i16 u16 i32 u32 i64 u64 bool str i4 u4 i2 u2 f8e4m3fn f8e4m3fnuz f8e5m2
 *             f8e5m2fnuz f8e8m0 f4e2m1
 *     DIMS    [2,3]; [] is a scalar. Without: 1-D, as many as VALUES; without those too, a scalar
 *     RANGE   (0.1,4) of the pseudo-random values: low <= x < high. Without: [-2,2) for floats, -8..7 for
 *             signed integers, 0..15 for unsigned ones, false and true for bool
 *     VALUES  {1,-1,2.5,inf,nan,true,false,"text"}, row-major; as many as the shape has elements, or one for
 *             all. Without: seeded pseudo-random (strings: "s0", "s1" ...)
 *     !       the input is a constant of the graph; others are graph inputs
 *     seq(f32[2];i64[])     a sequence of tensors; opt(f32[2]), opt(seq()), opt() an optional
 *
 * OpSample.attributes (NULL or "" for none), separated by spaces, without spaces inside but in strings:
 *
 *     axis=1                int                    pads=[1,1]            ints; [] is an empty list of ints
 *     alpha=0.5             float (it has a '.', an exponent, or is inf or nan)
 *     scales=[1.5,2.0]      floats (one has a '.' ...)
 *     mode="linear"         string                 names=["a","b"]       strings
 *     value=f32[1]{0.5}     tensor, as above
 *     body=(x:f32[2],n:i64[]|y=Add(x,x);z=Mul(y,x0)|y,z)     a body: its inputs, nodes without attributes,
 *                           outputs; x0, x1 ... are the sample's own inputs
 *
 * and two that are no attributes of the node:
 *
 *     outputs=2             outputs that are wanted; without: all that the row calls required, at least one
 *     opset=11              the sample holds in this version of the operator set; without: the newest
 *
 * Examples: {"f32[1,3,5,5], f32[4,3,3,3]!, -", "pads=[1,1,1,1] group=1"}, {"f32[2,3](0.1,4)"},
 * {"f32[2,6], i64{3,-1}!", "opset=14"}.
 */
#ifndef OPERATORS_SAMPLES_H
#define OPERATORS_SAMPLES_H

#include "operators/op.h"

#define SAMPLE_MAX_INPUTS 16
#define SAMPLE_NEWEST_OPSET 28 /* of the default domain; 1 for others */

typedef struct SampleCase {
  Graph *graph; /* refreshed, not bound; owns everything here */
  Node *node;
  int input_count;
  const Tensor *inputs[SAMPLE_MAX_INPUTS]; /* of the node, constants too; NULL where absent */
} SampleCase;

/* `opset` 0: what the sample says, or the newest; otherwise overrides it. Same arguments, same values.
   Graph inputs are named x0, x1 ... by the node's input number, outputs y0, y1 ...; BAD_USAGE with the place
   where the notation is broken. On failure there is nothing to free. */
Status sample_build(const Op *op, const OpSample *sample, int opset, SampleCase *result, Error *err);

#endif
