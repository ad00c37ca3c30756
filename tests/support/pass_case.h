/* pass_case.h - graphs before and after the passes; on top of graph_maker.h. Every failure fails the test. */
#ifndef TESTS_SUPPORT_PASS_CASE_H
#define TESTS_SUPPORT_PASS_CASE_H

#include "graph/passes/passes.h"
#include "tests/support/graph_maker.h"

/* A node of the Maker `m` with the inputs that follow its output's name. */
#define NODE(type, output, ...)                                                                              \
  make_node(m, type, output, (Value *[]){__VA_ARGS__},                                                       \
            (int)(sizeof((Value *[]){__VA_ARGS__}) / sizeof(Value *)))

/* Attributes of the node made last. */
void set_int(Maker *m, const char *name, int64_t i);
void set_float(Maker *m, const char *name, double f);
void set_ints(Maker *m, const char *name, const int64_t *ints, size_t count);

/* A BatchNormalization of x with constants named after its output: y_gamma, y_beta, y_mean, y_variance. */
Value *batchnorm(Maker *m, const char *output, Value *x, int64_t channels);

/* Runs the passes. */
PassReport clean(Graph *graph);
/* Cleans the graph, which must compute the same as before; a second run of the passes must find nothing. */
PassReport clean_and_compare(Maker *m);

#endif
