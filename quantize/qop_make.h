/*
 * qop_make.h - quantized graphs with quantized operators: what qdq_make() gives, with every float operator
 * that has a quantized form put together with the DequantizeLinear nodes before and the QuantizeLinear behind
 * it.
 *
 *     TRY(qdq_make(graph, weights, &qdq, &err));
 *     TRY(qop_make(qdq, &count, &err));                // in place
 *
 * QLinearConv and QLinearMatMul are ONNX's own, the rest com.microsoft's. Operators that only move values
 * move codes. What has no such form stays between its pairs.
 */
#ifndef QUANTIZE_QOP_MAKE_H
#define QUANTIZE_QOP_MAKE_H

#include "graph/graph.h"

/* The graph must be refreshed, and is so afterwards, but not bound. `made` (may be NULL) counts quantized
   operators. */
Status qop_make(Graph *qdq, int *made, Error *err);

#endif
