/*
 * passes.h - rewrites that make a graph simpler and leave what it computes as it is, but for the rounding of
 * floats.
 *
 *     PassReport report;
 *     TRY(passes_run(graph, &interpreter_pass_hooks, &report, &err));   // interpreter/fold.h
 *     for (int i = 0; i < PASS_COUNT; i++)
 *       printf("%s: %d\n", report.counts[i].name, report.counts[i].rewrites);
 *
 * A pass is one file here with one function, listed once below. It looks at the model's own graph, not into
 * bodies of control flow; values that bodies read from outside stay. Names of values that stay are kept, and
 * so are those of inputs and outputs. A pass leaves the graph refreshed; passes_run() binds and infers after
 * each one.
 */
#ifndef GRAPH_PASSES_PASSES_H
#define GRAPH_PASSES_PASSES_H

#include "graph/graph.h"

/* What graph/ cannot do itself, because operators are above it. */
typedef struct PassHooks {
  /* Computes a node whose inputs are all constant and makes constants of its outputs' values. `folded`
     becomes false where that is not possible or not worth it; then nothing was changed. */
  Status (*evaluate)(Graph *graph, Node *node, bool *folded, Error *err);
  /* Binds nodes to their operators and infers types and shapes. */
  Status (*rebind)(Graph *graph, Error *err);
  /* Whether there is an operator of the default domain in that opset. */
  bool (*supports)(const char *type, int64_t opset);
} PassHooks;

/* function, text. In the order in which they run; those of the second list only when those of the first have
   nothing more to do. */
#define EARLY_PASSES(X)                                                                                      \
  X(fold_constants, "fold constants")                                                                        \
  X(drop_identity, "drop identities")                                                                        \
  X(drop_dead, "drop dead nodes")                                                                            \
  X(fold_affine, "fold BatchNorm, scale and bias")                                                           \
  X(fuse_hardswish, "fuse HardSwish")                                                                        \
  X(fuse_silu, "fuse SiLU")                                                                                  \
  X(fuse_gelu, "fuse Gelu")                                                                                  \
  X(fuse_layernorm, "fuse LayerNorm")
#define LATE_PASSES(X) X(split_batchnorm, "BatchNorm to Mul and Add")

/* One pass: adds to `rewrites` how many places it changed. */
typedef Status (*PassFunction)(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err);

#define X(function, text)                                                                                    \
  Status pass_##function(Graph *graph, const PassHooks *hooks, int *rewrites, Error *err);
EARLY_PASSES(X)
LATE_PASSES(X)
#undef X

typedef enum PassIndex {
#define X(function, text) PASS_##function,
  EARLY_PASSES(X) LATE_PASSES(X)
#undef X
      PASS_COUNT
} PassIndex;

typedef struct PassReport {
  struct {
    const char *name; /* "fold constants" */
    int rewrites;
  } counts[PASS_COUNT];
  int rounds;
} PassReport;

#define PASS_MAX_ROUNDS 32

/* Runs all passes until none has anything to do, at most PASS_MAX_ROUNDS times. The graph must be bound and
   inferred, and is so afterwards. */
Status passes_run(Graph *graph, const PassHooks *hooks, PassReport *report, Error *err);

#endif
