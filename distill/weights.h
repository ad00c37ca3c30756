/* weights.h - what is trained: the constants of two graphs of one model, made one set of writable tensors
   that both read. Inside distill/. */
#ifndef DISTILL_WEIGHTS_H
#define DISTILL_WEIGHTS_H

#include "graph/graph.h"

struct Projection;

/* A constant that both graphs share, or one of a projection. */
typedef struct Weight {
  Value *value;   /* of the graph that is trained, or of the projection's */
  Tensor *tensor; /* float32; lives as long as the graph */
  int64_t count;
  const struct Projection *projection; /* NULL: of the model */
  bool is_ratio;                       /* of a scale of quantized numbers */
  bool decays;                         /* a weight of products, no bias and no scale of a normalization */
} Weight;

/* Running statistics of a BatchNormalization: the tensor moves towards what the node's output says. */
typedef struct Statistic {
  const Value *output;
  Tensor *tensor;
  int64_t count;
} Statistic;

typedef struct Weights {
  Weight *list;
  int count;
  int64_t elements; /* of the model that are trained */
  int64_t helpers;  /* of projections */
  int64_t frozen;
  Statistic *statistics;
  int statistic_count;
} Weights;

/* `twin` must be in its training form, `student` not. Lists live in the student's arena. */
Status weights_share(Weights *weights, Graph *student, Graph *twin, Error *err);
/* Adds the constants of a projection's graph to the list, which moves into `arena`. */
Status weights_add_projection(Weights *weights, const struct Projection *projection, Arena *arena,
                              Error *err);

/* Of all weights and statistics together. */
size_t weights_bytes(const Weights *weights);
/* Copies weights and statistics into one block of weights_bytes(), and back. */
void weights_store(const Weights *weights, void *block);
void weights_load(const Weights *weights, const void *block);

#endif
