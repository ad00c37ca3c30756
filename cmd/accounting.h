/*
 * accounting.h - where each node of a quantized model runs and why, checked against the written file, and
 * what each byte of the file is for.
 */
#ifndef CMD_ACCOUNTING_H
#define CMD_ACCOUNTING_H

#include "cmd/gates.h"
#include "cmd/options.h"
#include "formats/edge/edge_file.h"
#include "graph/graph.h"

typedef struct Accounting {
  const char **float_reasons; /* by node of the graph: why it runs in float; NULL: it does not */
  int float_nodes;
} Accounting;

/* `graph` is the one that the file was made from. Lives in `arena`. */
Status accounting_make(Accounting *accounting, const Graph *graph, const EdgeFile *file, Arena *arena,
                       Error *err);

/* Adds the gate of --require-full, if it was given. */
void accounting_gate(const Options *options, const Accounting *accounting, const Graph *graph,
                     GateResults *gates);

#endif
