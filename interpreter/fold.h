/*
 * fold.h - what the graph's passes need from operators and the interpreter.
 *
 *     PassReport report;
 *     TRY(passes_run(graph, &interpreter_pass_hooks, &report, &err));
 */
#ifndef INTERPRETER_FOLD_H
#define INTERPRETER_FOLD_H

#include "graph/passes/passes.h"

/* A small file may ask for large constants and much work; what goes beyond these limits is left for the run.
   Results of one node may be as large as its inputs or this; */
#define FOLD_MAX_BYTES ((size_t)16 << 20)
/* those of all nodes together this and FOLD_FACTOR times what the model itself holds; */
#define FOLD_MAX_TOTAL_BYTES ((size_t)64 << 20)
#define FOLD_FACTOR 2
/* and a node may take so many multiply-accumulates. */
#define FOLD_MAX_MACS (INT64_C(1) << 26)

extern const PassHooks interpreter_pass_hooks;

#endif
