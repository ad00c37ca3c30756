/* qdq_constant.h - what a DequantizeLinear says of constant codes, as specs. Inside quantize/. */
#ifndef QUANTIZE_QDQ_CONSTANT_H
#define QUANTIZE_QDQ_CONSTANT_H

#include "operators/op.h"
#include "quantize/qdq_read.h"

bool qdq_is_8bit(const Tensor *tensor);
bool qdq_is_scale(double scale);

/* The value gets the meaning of 8-bit codes with one scale: that of the DequantizeLinear that reads them. */
Status qdq_give_activation(Graph *graph, Value *value, const Node *last, Error *err);

/* What the DequantizeLinear makes of constant codes of 8 or 4 bits gets a spec that says the same, where one
   can. Counts in `taken`. */
Status qdq_take_constant(Graph *graph, const Node *node, QdqTaken *taken, Error *err);

#endif
