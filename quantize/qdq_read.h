/*
 * qdq_read.h - QDQ models that come in: their parameters become QuantSpecs that quantize_graph() keeps.
 *
 *     TRY(op_infer_graph(graph, &err));             // bound and inferred, before the passes fold constants
 *     TRY(qdq_read(graph, &taken, &err));
 *     ... passes, calibration for what has no parameters, quantize_graph() ...
 *
 * A pair QuantizeLinear, DequantizeLinear of 8 bits and one scale around an activation is taken out; the
 * value gets its scale and zero point. A DequantizeLinear of constant 8-bit codes stays (it is folded) and
 * its value gets the scales where the codes are symmetric. What is neither stays as it is.
 */
#ifndef QUANTIZE_QDQ_READ_H
#define QUANTIZE_QDQ_READ_H

#include "graph/graph.h"

/* `taken`: pairs and constants whose parameters were taken. The graph is refreshed afterwards, and bound. */
Status qdq_read(Graph *graph, int *taken, Error *err);

#endif
