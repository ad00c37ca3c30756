/* initialize.h - fresh weights for a graph: what training from the start begins with. */
#ifndef DISTILL_INITIALIZE_H
#define DISTILL_INITIALIZE_H

#include "distill/parameters.h"

/* How weights of products are drawn. */
#define INITIALIZERS(X)                                                                                      \
  X(kaiming) /* normal, variance 2/fan-in in front of a ReLU-like activation, else 1/fan-in: He et al. 2015  \
              */                                                                                             \
  X(xavier)  /* uniform, variance 2/(fan-in + fan-out): Glorot and Bengio 2010 */                            \
  X(lecun)   /* normal, variance 1/fan-in: LeCun et al. 1998 */

typedef enum InitializeKind {
#define X(name) INITIALIZE_##name,
  INITIALIZERS(X)
#undef X
} InitializeKind;

/* What became of one constant. */
typedef struct InitializeItem {
  const Value *value;
  ParameterPart part; /* PART_NONE: it was left as it is */
  double deviation;   /* of a weight's numbers; 0 of all others */
} InitializeItem;

typedef struct InitializeReport {
  InitializeItem *items; /* in the order of the graph's values, in its arena; constants that no node reads
                            are not among them */
  int count, initialized, kept;
  int64_t elements; /* of the initialized */
} InitializeReport;

/* Gives every parameter of a bound and inferred graph a new tensor in the graph's arena; other constants
   stay. What is drawn depends on the seed and the value's name alone. SYSTEM where memory runs out. */
Status initialize_graph(Graph *graph, InitializeKind kind, uint64_t seed, InitializeReport *report,
                        Error *err);

#endif
