/*
 * graph_maker.h - small graphs for tests, bound and inferred, and what they compute. Every failure fails the
 * test.
 *
 *     Maker m = maker_new(17);
 *     Value *x = make_input(&m, "x", SHAPE(1, 3, 8, 8)), *w = make_constant(&m, "w", SHAPE(4, 3, 3, 3));
 *     make_output(&m, make_node(&m, "Conv", "y", (Value *[]){x, w}, 2));
 *     maker_finish(&m);
 *     ... m.graph ...
 *     graph_free(m.graph);
 */
#ifndef TESTS_SUPPORT_GRAPH_MAKER_H
#define TESTS_SUPPORT_GRAPH_MAKER_H

#include "graph/graph.h"

typedef struct Maker {
  Graph *graph;
  Random random; /* of the constants: the same calls make the same graph */
} Maker;

Maker maker_new(int64_t opset);
Value *make_input(Maker *maker, const char *name, Shape shape); /* float32 */
/* float32, uniform in 0.5..1.5, so that it may also be a variance. */
Value *make_constant(Maker *maker, const char *name, Shape shape);
Value *make_number(Maker *maker, const char *name, float number); /* a float32 scalar */
Value *make_ints(Maker *maker, const char *name, const int64_t *ints, int64_t count);
/* A node called after its one output, which is returned. */
Value *make_node(Maker *maker, const char *type, const char *output, Value *const *inputs, int count);
void make_output(Maker *maker, Value *value);
/* Refreshes, binds and infers. */
void maker_finish(Maker *maker);

/* Output `i` of the graph on seeded inputs in -2..2, in `arena`. */
Tensor *graph_compute(const Graph *graph, int i, Arena *arena);
/* Nodes of that type. */
int graph_count(const Graph *graph, const char *type);

#endif
