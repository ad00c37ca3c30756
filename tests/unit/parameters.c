/* What a constant is to a model, told by its readers. */
#include "distill/parameters.h"
#include "tests/support/pass_case.h"

#include <check.h>

Suite *suite_parameters(void);

static ParameterKind kind_of(const Maker *m, const char *name) {
  Value *value = graph_find_value(m->graph, name);
  ck_assert_msg(value != NULL, "no value '%s'", name);
  return parameter_kind(value);
}

START_TEST(layers_have_weights_biases_and_statistics) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = make_input(m, "x", SHAPE(1, 3, 6, 6));
  v = NODE("Conv", "c", v, make_constant(m, "w", SHAPE(4, 3, 3, 3)), make_constant(m, "b", SHAPE(4)));
  v = batchnorm(m, "n", v, 4);
  v = NODE("PRelu", "p", v, make_constant(m, "slope", SHAPE(4, 1, 1)));
  v = NODE("Conv", "c2", v, make_constant(m, "w2", SHAPE(5, 4, 1, 1)));
  v = NODE("Add", "a", v, make_constant(m, "b2", SHAPE(1, 5, 1, 1)));
  make_output(m, NODE("Mul", "y", v, make_constant(m, "factor", SHAPE(1, 5, 1, 1))));
  maker_finish(m);
  ck_assert_int_eq(kind_of(m, "w"), PARAMETER_WEIGHT);
  ck_assert_int_eq(kind_of(m, "b"), PARAMETER_BIAS);
  ck_assert_int_eq(kind_of(m, "n_gamma"), PARAMETER_NORM);
  ck_assert_int_eq(kind_of(m, "n_mean"), PARAMETER_RUNNING);
  ck_assert_int_eq(kind_of(m, "n_variance"), PARAMETER_RUNNING);
  ck_assert_int_eq(kind_of(m, "slope"), PARAMETER_BIAS);
  ck_assert_int_eq(kind_of(m, "b2"), PARAMETER_BIAS);
  ck_assert_int_eq(kind_of(m, "factor"), PARAMETER_NONE);
  ck_assert_int_eq(kind_of(m, "x"), PARAMETER_NONE);
  graph_free(m->graph);
}
END_TEST

/* A normalization as exporters write it out: its epsilon and its exponent are no parameters. */
START_TEST(numbers_of_the_computation_are_none) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 8));
  Value *square = NODE("Pow", "square", x, make_number(m, "two", 2));
  Value *root = NODE("Sqrt", "root", NODE("Add", "safe", square, make_number(m, "epsilon", 1e-5f)));
  Value *v = NODE("Mul", "scaled", NODE("Div", "quotient", x, root), make_constant(m, "gamma", SHAPE(8)));
  v = NODE("Add", "shifted", v, make_constant(m, "beta", SHAPE(8)));
  v = NODE("Add", "far", NODE("Relu", "relu", v), make_constant(m, "offset", SHAPE(8)));
  make_output(m, NODE("Mul", "y", v, make_number(m, "half", 0.5f)));
  maker_finish(m);
  ck_assert_int_eq(kind_of(m, "two"), PARAMETER_NONE);
  ck_assert_int_eq(kind_of(m, "epsilon"), PARAMETER_NONE);
  ck_assert_int_eq(kind_of(m, "gamma"), PARAMETER_NORM);
  ck_assert_int_eq(kind_of(m, "beta"), PARAMETER_NORM);
  ck_assert_int_eq(kind_of(m, "offset"), PARAMETER_NONE);
  ck_assert_int_eq(kind_of(m, "half"), PARAMETER_NONE);
  graph_free(m->graph);
}
END_TEST

/* A table of positions is learned; a mask is not. */
START_TEST(positions_are_learned) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = NODE("Relu", "r", make_input(m, "x", SHAPE(1, 6, 6)));
  v = NODE("Add", "placed", v, make_constant(m, "positions", SHAPE(6, 6)));
  v = NODE("Add", "masked", v, make_constant(m, "mask", SHAPE(6, 6)));
  make_output(m, NODE("Softmax", "y", v));
  maker_finish(m);
  ck_assert_int_eq(kind_of(m, "positions"), PARAMETER_WEIGHT);
  ck_assert_int_eq(kind_of(m, "mask"), PARAMETER_NONE);
  graph_free(m->graph);
}
END_TEST

/* A table of words that is the last layer too, and constants that several nodes read differently. */
START_TEST(all_readers_count) {
  Maker maker = maker_new(17), *m = &maker;
  Value *table = make_constant(m, "table", SHAPE(9, 4)), *shared = make_constant(m, "shared", SHAPE(4));
  Value *v = NODE("Gather", "words", table, make_ints(m, "ids", (int64_t[]){1, 2}, 2));
  v = NODE("Add", "sum", v, make_input(m, "x", SHAPE(2, 4)));
  v = NODE("MatMul", "product", v, make_constant(m, "w", SHAPE(4, 4)));
  v = NODE("Mul", "twice", NODE("Add", "biased", v, shared), shared);
  make_output(m, NODE("MatMul", "y", v, NODE("Transpose", "turned", table)));
  maker_finish(m);
  ck_assert_int_eq(kind_of(m, "table"), PARAMETER_WEIGHT);
  ck_assert_int_eq(parameter_of(table).part, PART_LINEAR);
  ck_assert_int_eq(kind_of(m, "w"), PARAMETER_WEIGHT);
  ck_assert_int_eq(kind_of(m, "shared"), PARAMETER_NONE);
  ck_assert_int_eq(kind_of(m, "ids"), PARAMETER_NONE);
  graph_free(m->graph);
}
END_TEST

Suite *suite_parameters(void) {
  Suite *suite = suite_create("parameters");
  TCase *tcase = tcase_create("parameters");
  tcase_add_test(tcase, layers_have_weights_biases_and_statistics);
  tcase_add_test(tcase, numbers_of_the_computation_are_none);
  tcase_add_test(tcase, positions_are_learned);
  tcase_add_test(tcase, all_readers_count);
  suite_add_tcase(suite, tcase);
  return suite;
}
