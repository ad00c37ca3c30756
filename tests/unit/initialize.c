/* Fresh weights: how they are spread, what stays, and that seed and name alone decide. */
#include "distill/initialize.h"
#include "tests/support/pass_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_initialize(void);

/* A convolution behind a Relu, one without, a product with its bias in an Add, numbers of a formula; `first`
   is read twice. */
static Maker net(void) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 64, 8, 8)), *first = make_constant(m, "first", SHAPE(64, 64, 3, 3));
  Value *v = NODE("Conv", "c1", x, first, make_constant(m, "b", SHAPE(64)));
  v = NODE("Relu", "r1", batchnorm(m, "n1", v, 64));
  v = NODE("Conv", "c2", v, first);
  v = NODE("Conv", "c3", v, make_constant(m, "last", SHAPE(64, 64, 2, 2)));
  v = NODE("Add", "safe", v, make_number(m, "epsilon", 1e-5f));
  v = NODE("Reshape", "rows", v, make_ints(m, "shape", (int64_t[]){64, -1}, 2));
  v = NODE("MatMul", "p", v, make_constant(m, "matrix", SHAPE(9, 1000)));
  make_output(m, NODE("Add", "y", v, make_constant(m, "offset", SHAPE(1000))));
  return maker;
}

static InitializeReport initialize(Maker *m, InitializeKind kind, uint64_t seed) {
  InitializeReport report;
  Error err = {0};
  maker_finish(m);
  ck_assert_msg(initialize_graph(m->graph, kind, seed, &report, &err) == OK, "%s", err.text);
  return report;
}

static const Tensor *tensor_of(const Maker *m, const char *name) {
  return graph_find_value(m->graph, name)->constant;
}

static void check_variance(const Maker *m, const char *name, double variance) {
  const Tensor *tensor = tensor_of(m, name);
  int64_t count = tensor_elements(tensor);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += tensor_get(tensor, i);
    squares += tensor_get(tensor, i) * tensor_get(tensor, i);
  }
  double mean = sum / (double)count, found = squares / (double)count - mean * mean;
  ck_assert_msg(fabs(found / variance - 1) < 0.05, "%s: variance %g, not %g", name, found, variance);
  ck_assert_msg(fabs(mean) < 0.05 * sqrt(variance), "%s: mean %g", name, mean);
}

static void check_all(const Maker *m, const char *name, float number) {
  const Tensor *tensor = tensor_of(m, name);
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    ck_assert_msg(((float *)tensor->data)[i] == number, "%s: holds other than %g", name, (double)number);
}

START_TEST(weights_have_the_variance_of_their_kind) {
  static const double first[] = {2.0 / 576, 2.0 / 1152, 1.0 / 576},
                      last[] = {1.0 / 256, 1.0 / 256, 1.0 / 256}, matrix[] = {1.0 / 9, 2.0 / 1009, 1.0 / 9};
  for (int kind = 0; kind < 3; kind++) {
    Maker m = net();
    initialize(&m, (InitializeKind)kind, 3);
    check_variance(&m, "first", first[kind]);
    check_variance(&m, "last", last[kind]);
    check_variance(&m, "matrix", matrix[kind]);
    graph_free(m.graph);
  }
}
END_TEST

START_TEST(other_parameters_start_plain_and_constants_stay) {
  Maker m = net();
  InitializeReport report = initialize(&m, INITIALIZE_kaiming, 0);
  check_all(&m, "b", 0);
  check_all(&m, "offset", 0);
  check_all(&m, "n1_gamma", 1);
  check_all(&m, "n1_beta", 0);
  check_all(&m, "n1_mean", 0);
  check_all(&m, "n1_variance", 1);
  check_all(&m, "epsilon", 1e-5f);
  ck_assert_int_eq(report.initialized, 9); /* the shared one once */
  ck_assert_int_eq(report.kept, 2);
  ck_assert_int_eq(report.count, 11);
  graph_free(m.graph);
}
END_TEST

static bool same_bytes(const Maker *a, const Maker *b, const char *name) {
  const Tensor *one = tensor_of(a, name), *other = tensor_of(b, name);
  return memcmp(one->data, other->data, tensor_bytes(one)) == 0;
}

START_TEST(seed_and_name_decide) {
  Maker a = net(), b = net(), c = net(), alone = maker_new(17), *m = &alone;
  make_output(
      m, NODE("MatMul", "y", make_input(m, "x", SHAPE(1, 9)), make_constant(m, "matrix", SHAPE(9, 1000))));
  initialize(&a, INITIALIZE_lecun, 7);
  initialize(&b, INITIALIZE_lecun, 7);
  initialize(&c, INITIALIZE_lecun, 8);
  initialize(m, INITIALIZE_lecun, 7);
  ck_assert(same_bytes(&a, &b, "first"));
  ck_assert(!same_bytes(&a, &c, "first"));
  ck_assert(same_bytes(&a, m, "matrix"));
  graph_free(a.graph);
  graph_free(b.graph);
  graph_free(c.graph);
  graph_free(m->graph);
}
END_TEST

Suite *suite_initialize(void) {
  Suite *suite = suite_create("initialize");
  TCase *tcase = tcase_create("initialize");
  tcase_add_test(tcase, weights_have_the_variance_of_their_kind);
  tcase_add_test(tcase, other_parameters_start_plain_and_constants_stay);
  tcase_add_test(tcase, seed_and_name_decide);
  suite_add_tcase(suite, tcase);
  return suite;
}
