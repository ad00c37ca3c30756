/*
 * prune_case.h - for tests: groups of coupled channels as text, and graphs that must compute the same after
 * channels went that were zero.
 */
#ifndef TESTS_SUPPORT_PRUNE_CASE_H
#define TESTS_SUPPORT_PRUNE_CASE_H

#include "prune/channels.h"
#include "tests/support/pass_case.h"

/* Finishes the graph. "c1 8, c2 4 x2, fc 10 whole": the groups' first makers and channels; how many nodes
   make them, if not one; "whole" where they cannot go. Compared with `expected`. */
void check_groups(Maker *m, const char *expected);

/* Of every group that may lose some, drops all channels but `width(count)`, spread evenly, from a bound
   graph; what read or made them was zero before. The outputs must stay as they are. */
void check_cut(Graph *graph, const char *what);

/* The reason of the group that `maker` makes; NULL: none. */
const char *stop_reason(const Graph *graph, const char *maker, const Node **stopper);

#endif
