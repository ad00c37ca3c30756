/*
 * graph_copy.h - a new graph that is made of an old one, node by node, with other nodes between: what the
 * forms share that a quantized graph is given. The new graph shares texts and tensors with the old one, which
 * must outlive it. Inside quantize/.
 */
#ifndef QUANTIZE_GRAPH_COPY_H
#define QUANTIZE_GRAPH_COPY_H

#include "graph/graph.h"

typedef struct GraphCopy {
  const Graph *from;
  Graph *to;
  Value **made; /* by index of the old value: what its producer writes; NULL until there */
  Value **read; /* what its readers read */
  Error *err;
} GraphCopy;

/* Name, opsets and symbols; no values yet. UNSUPPORTED where there is control flow: `form` names what cannot
   have any. The new graph is the caller's, also after failure. */
Status graph_copy_begin(GraphCopy *copy, const Graph *from, Graph *to, const char *form, Error *err);

/* An unused name of `base`, cut where it is long, and `end`. */
const char *graph_copy_name(const GraphCopy *copy, const char *base, const char *end);
/* A constant, a value without a producer, a node with a name of `name` and the type: NULL with the error set.
   `name` or `tensor` may be NULL from a failure before. */
Value *graph_copy_constant(const GraphCopy *copy, const char *base, const char *end, const Tensor *tensor);
Value *graph_copy_value(const GraphCopy *copy, const char *name, ElementType type);
/* The node with the attributes that it has, between inputs (copied, with its count) and `made`. */
Status graph_copy_node(const GraphCopy *copy, const Node *node, Value *const *inputs);

#endif
