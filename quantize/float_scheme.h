/*
 * float_scheme.h - schemes in which activations stay float32: which nodes have weights in codes. Nothing has
 * to be calibrated for them.
 *
 *     float_scheme_mark(graph, options.activations);     // behind quantize_choose()
 *     TRY(quantize_graph(graph, NULL, &options, &report, &err));
 */
#ifndef QUANTIZE_FLOAT_SCHEME_H
#define QUANTIZE_FLOAT_SCHEME_H

#include "operators/op.h"
#include "quantize/quantize.h"

/* True where no activation has codes in the file. */
bool float_scheme_is(ActivationForm activations);

/* Why a node computes in float32; NULL for other schemes. */
const char *float_scheme_reason(ActivationForm activations);

/* Writes on every node that it computes in float32, and which of them have weights in codes: linear operators
   with constant weights, and Gather of a constant table along axis 0. Nodes that have been kept in float
   before stay as they are. Does nothing for other schemes. */
void float_scheme_mark(Graph *graph, ActivationForm activations);

/* The forms of a node's inputs as float_scheme_mark() found them; `form` as of a linear operator, for a
   Gather its table is the weight and has its rows for channels. False where it has no weights to be coded. */
bool float_scheme_form(const Node *node, LinearForm *form);

#endif
