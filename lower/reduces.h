/* reduces.h - reductions over axes, in codes and in float32: parts of the roles average, same-scale, float.
 */
#ifndef LOWER_REDUCES_H
#define LOWER_REDUCES_H

#include "lower/requant.h"

/* What the node reduces by; false where it is no reduction that the runtime has. */
bool reduce_kind(const Node *node, EdgeReduceKind *kind);
Status lower_reduce(Builder *b, Form form);

#endif
