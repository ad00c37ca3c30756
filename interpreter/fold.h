/*
 * fold.h - what the graph's passes need from operators and the interpreter.
 *
 *     PassReport report;
 *     TRY(passes_run(graph, &interpreter_pass_hooks, &report, &err));
 */
#ifndef INTERPRETER_FOLD_H
#define INTERPRETER_FOLD_H

#include "graph/passes/passes.h"

/* Results of a folded node may have this many bytes, or as many as its inputs. */
#define FOLD_MAX_BYTES ((size_t)16 << 20)

extern const PassHooks interpreter_pass_hooks;

#endif
