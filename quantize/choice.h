/*
 * choice.h - what the user decides for single nodes: which stay in float, how many bits weights and results
 * have. The decisions are written on the nodes, where quantize_graph() and lowering read them.
 *
 *     NodeChoices choices = {.exclude = (const char *const[]){"conv1", "Softmax"}, .exclude_count = 2};
 *     TRY(quantize_choose(graph, &choices, &err));     // once the graph is clean, before calibrate()
 *
 * A pattern ('*' any run, '?' any one character) matches a node by its name, its operator's type, or the name
 * of one of its outputs. A function behind a product or sum that becomes one instruction with it goes with
 * it, as does the Add that is a MatMul's bias. Nodes that only move values are not chosen: they do so in the
 * form of their neighbours.
 */
#ifndef QUANTIZE_CHOICE_H
#define QUANTIZE_CHOICE_H

#include "graph/graph.h"

typedef struct BitsChoice {
  const char *pattern;
  int bits;            /* of weights; 0: nothing is said of them */
  int activation_bits; /* of results; 0: nothing is said of them */
} BitsChoice;

typedef struct NodeChoices {
  const char *const *exclude; /* stay in float */
  int exclude_count;
  const char *const *include; /* only these are quantized; none: all */
  int include_count;
  const BitsChoice *bits; /* the last one that matches counts */
  int bits_count;
} NodeChoices;

/* BAD_USAGE for a pattern that matches nothing (with the nearest name), and for bits that no node that it
   matches can have. */
Status quantize_choose(Graph *graph, const NodeChoices *choices, Error *err);

#endif
