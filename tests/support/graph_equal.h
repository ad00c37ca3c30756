/* graph_equal.h - for tests: whether two graphs are the same model. */
#ifndef TESTS_SUPPORT_GRAPH_EQUAL_H
#define TESTS_SUPPORT_GRAPH_EQUAL_H

#include "graph/graph.h"

/* Aborts the test at the first difference in nodes, attributes, names, types of inputs and outputs, or bytes
   of constants that are read. `what` begins the message. */
void check_graphs_equal(const Graph *a, const Graph *b, const char *what);

#endif
