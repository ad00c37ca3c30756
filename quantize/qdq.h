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
 *   activations  of 8 bits: a pair QuantizeLinear, DequantizeLinear with the spec's scale and zero point,
 * int8. None between a linear operator and the clamp or bias that its instruction includes, and none where an
 * output has 16 bits: it stays float. weights      int8, one scale along the axis of the output channels,
 * through DequantizeLinear. biases       of Conv and Gemm: int32 with scale_x * scale_w, through
 * DequantizeLinear. clamps       whose bounds are the limits of the codes are left out: QuantizeLinear
 * saturates. Names of values stay; what is new is called after what it belongs to: x_scale, x_zero_point,
 * x_quantized, x_dequantized.
 */
#ifndef QUANTIZE_QDQ_H
#define QUANTIZE_QDQ_H

#include "graph/graph.h"

/* A new graph, refreshed but not bound; shares texts and tensors with `graph`, which must be bound and
   outlive it. UNSUPPORTED where there is control flow. */
Status qdq_make(const Graph *graph, Graph **qdq, Error *err);

#endif
