/*
 * accounting.h - where each node of a quantized model runs and why, checked against the written file, and
 * what each byte of the file is for.
 */
#ifndef CMD_ACCOUNTING_H
#define CMD_ACCOUNTING_H

#include "cmd/gates.h"
#include "cmd/options.h"
#include "formats/edge/edge_parts.h"
#include "graph/graph.h"

typedef struct Accounting {
  const char **float_reasons; /* by node of the graph: why it runs in float; NULL: it does not */
  int float_nodes;
  bool is_integer_only; /* the file computes nothing in float; values may still be moved in float32 */
  EdgeParts parts;      /* of the file */
  EdgeConstants constants;
} Accounting;

/* `graph` is the one that the file was made from, `file` was read from `bytes`. Without a
   file (NULL) it is only what was decided before. Lives in `arena`. */
Status accounting_make(Accounting *accounting, const Graph *graph, const EdgeFile *file, const void *bytes,
                       size_t size, Arena *arena, Error *err);

/* Bytes that the codes of a constant take by its spec; 0 of other values. */
int64_t accounting_bytes(const Value *value);

/* What the constant weights of linear operators take, factors of groups included, and what they would in 8
 * bits.
 */
void accounting_weights(const Graph *graph, int64_t *bytes, int64_t *in8);

/* Members "nodes" (where each runs and why), "parts" and "constants" (what the bytes are for) of an object.
 */
void accounting_json(const Accounting *accounting, const Graph *graph, Json *json);

/* Adds the gate of --require-full, if it was given. */
void accounting_gate(const Options *options, const Accounting *accounting, const Graph *graph,
                     GateResults *gates);

#endif
