/*
 * qdq_read.h - QDQ and QOperator models that come in: their parameters become QuantSpecs that
 * quantize_graph() keeps.
 *
 *     TRY(op_infer_graph(graph, &err));             // bound and inferred, before the passes fold constants
 *     TRY(qdq_read(graph, &taken, &err));
 *     ... passes, calibration for what has no parameters, quantize_graph() ...
 *
 * Quantized operators become pairs around float ones first (qop_read.h). A pair QuantizeLinear,
 * DequantizeLinear of 8 bits and one scale around an activation is taken out; the value gets its scale and
 * zero point. A DequantizeLinear of constant 8-bit codes stays (it is folded) and its value gets the scales.
 * Codes of weights lie in -127..127 around zero here: where a channel has others, they are clipped or its
 * scale is widened, whichever loses less. What is neither stays as it is.
 */
#ifndef QUANTIZE_QDQ_READ_H
#define QUANTIZE_QDQ_READ_H

#include "graph/graph.h"

typedef struct QdqTaken {
  int parameters; /* pairs and constants whose parameters were taken */
  int rounded;    /* of these constants, those that could not keep all of their codes */
} QdqTaken;

/* The graph is refreshed afterwards, and bound. */
Status qdq_read(Graph *graph, QdqTaken *taken, Error *err);

#endif
