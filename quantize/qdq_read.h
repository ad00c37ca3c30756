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
 * qdq_constant.c says what becomes of other codes. What is neither stays as it is.
 */
#ifndef QUANTIZE_QDQ_READ_H
#define QUANTIZE_QDQ_READ_H

#include "graph/graph.h"

typedef struct QdqTaken {
  int parameters; /* pairs and constants whose parameters were taken */
  int rounded;    /* constants that could not keep all of their codes */
  int widened;    /* constants of 4 bits whose codes took 8 */
} QdqTaken;

/* The graph is refreshed afterwards, and bound. */
Status qdq_read(Graph *graph, QdqTaken *taken, Error *err);

#endif
