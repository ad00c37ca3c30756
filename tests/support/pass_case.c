#include "tests/support/pass_case.h"

#include "interpreter/fold.h"

#include <check.h>
#include <math.h>
#include <stdio.h>

void set_int(Maker *m, const char *name, int64_t i) {
  Error err = {0};
  ck_assert_int_eq(node_set_int(m->graph, m->graph->nodes[m->graph->node_count - 1], name, i, &err), OK);
}

void set_float(Maker *m, const char *name, double f) {
  Error err = {0};
  ck_assert_int_eq(node_set_float(m->graph, m->graph->nodes[m->graph->node_count - 1], name, f, &err), OK);
}

void set_ints(Maker *m, const char *name, const int64_t *ints, size_t count) {
  Error err = {0};
  ck_assert_int_eq(
      node_set_ints(m->graph, m->graph->nodes[m->graph->node_count - 1], name, ints, count, &err), OK);
}

PassReport clean(Graph *graph) {
  PassReport report;
  Error err = {0};
  ck_assert_msg(passes_run(graph, &interpreter_pass_hooks, &report, &err) == OK, "%s", err.text);
  return report;
}

static void expect_close(const Tensor *a, const Tensor *b) {
  ck_assert(shape_equals(&a->shape, &b->shape));
  for (int64_t i = 0; i < tensor_elements(a); i++)
    ck_assert_double_eq_tol(tensor_get(a, i), tensor_get(b, i), 1e-4 * (1.0 + fabs(tensor_get(b, i))));
}

PassReport clean_and_compare(Maker *m) {
  Arena arena = {0};
  maker_finish(m);
  Tensor *before = graph_compute(m->graph, 0, &arena);
  PassReport report = clean(m->graph), again = clean(m->graph);
  expect_close(graph_compute(m->graph, 0, &arena), before);
  for (int p = 0; p < PASS_COUNT; p++) ck_assert_int_eq(again.counts[p].rewrites, 0);
  arena_free(&arena);
  return report;
}

Value *batchnorm(Maker *m, const char *output, Value *x, int64_t channels) {
  char names[4][32];
  static const char *const ends[] = {"gamma", "beta", "mean", "variance"};
  Value *inputs[5] = {x};
  for (int i = 0; i < 4; i++) {
    snprintf(names[i], sizeof names[i], "%s_%s", output, ends[i]);
    inputs[i + 1] = make_constant(m, names[i], SHAPE(channels));
  }
  return make_node(m, "BatchNormalization", output, inputs, 5);
}
