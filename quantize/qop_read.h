/*
 * qop_read.h - QOperator models: quantized operators become float ones between DequantizeLinear and
 * QuantizeLinear, with the same codes, scales and zero points, so that all that is known of QDQ models holds
 * for them. Inside quantize/: qdq_read() calls it.
 *
 *     QLinearConv(x, w, b) -> y       DequantizeLinear(x), (w), (b) -> Conv -> QuantizeLinear -> y
 *     MaxPool(x) -> y, on codes       DequantizeLinear(x) -> MaxPool -> QuantizeLinear -> y
 *     MatMulInteger -> Cast -> Mul    MatMul of what the codes mean
 */
#ifndef QUANTIZE_QOP_READ_H
#define QUANTIZE_QOP_READ_H

#include "graph/graph.h"

/* The graph must be bound and inferred, and is so afterwards. UNSUPPORTED where a scale or zero point is not
   constant, BAD_INPUT where a scale is not positive; both name the node. */
Status qop_read(Graph *graph, Error *err);

#endif
