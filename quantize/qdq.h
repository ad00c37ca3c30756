/*
 * qdq.h - a quantized graph as ordinary ONNX: codes between QuantizeLinear and DequantizeLinear.
 *
 *     Graph *qdq;
 *     TRY(quantize_graph(graph, calibration, &options, &report, &err));   // quantize.h: specs on all values
 *     TRY(qdq_make(graph, &qdq, &err));
 *     ... onnx_write(path, qdq, &err) ...                                 // formats/onnx/onnx.h
 *     graph_free(qdq);                                                    // before `graph`
 *
 * What stands where, so that runtimes which look for the pattern compute in integers:
 *
 * Activations of 8 bits go through a pair QuantizeLinear, DequantizeLinear with the spec's scale and zero
 * point. There is none between a linear operator and the clamp or bias that its instruction includes, and
 * none where an output has 16 bits: it stays float.
 *
 * Weights are stored in 8 bits with one scale along the axis of the output channels, or in 4 bits (opset 21)
 * with one scale there or one a block; biases of Conv and Gemm in int32 with scale_x * scale_w. Both are read
 * through DequantizeLinear.
 *
 * Clamps whose bounds are the limits of the codes are left out: QuantizeLinear saturates.
 *
 * Names of values stay; what is new is called after what it belongs to: x_scale, x_zero_point, x_quantized,
 * x_dequantized.
 */
#ifndef QUANTIZE_QDQ_H
#define QUANTIZE_QDQ_H

#include "graph/graph.h"

/* How codes of weights are stored; what they mean is the same. (Activations are uint8 always: ONNX Runtime on
   x86 turns int8 into it, and computes in float where that does not succeed.) */
typedef enum QdqWeights {
  QDQ_WEIGHTS_UINT8, /* zero point 128: exact in ONNX Runtime on every CPU */
  QDQ_WEIGHTS_INT8, /* zero point 0: what most other runtimes ask for; ONNX Runtime is faster, but on x86 CPUs
                       without VNNI its sums of two products saturate at 16 bits, which costs accuracy */
  QDQ_WEIGHTS_INT7  /* int8 with codes of -64..64: as fast, and two products never leave 16 bits */
} QdqWeights;

/* A new graph, refreshed but not bound; shares texts and tensors with `graph`, which must be bound and
   outlive it. UNSUPPORTED where there is control flow. */
Status qdq_make(const Graph *graph, QdqWeights weights, Graph **qdq, Error *err);

#endif
