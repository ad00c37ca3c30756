/* Passes that recognise what exporters write out. */
#include "tests/support/pass_case.h"

#include <check.h>

Suite *suite_passes_fuse(void);

/* x * gate / 6 in the orders that exporters write. */
static Value *hardswish(Maker *m, Value *x, int form) {
  Value *six = make_number(m, "six", 6.0f), *sixth = make_number(m, "sixth", 1.0f / 6.0f);
  Value *sum = form % 2 == 0 ? NODE("Add", "sum", x, make_number(m, "three", 3.0f))
                             : NODE("Add", "sum", make_number(m, "three", 3.0f), x);
  Value *gate = NODE("Clip", "gate", sum, make_number(m, "low", 0.0f), make_number(m, "high", 6.0f));
  switch (form) {
  case 0:
    return NODE("Div", "y", NODE("Mul", "p", x, gate), six);
  case 1:
    return NODE("Mul", "y", NODE("Mul", "p", gate, x), sixth);
  case 2:
    return NODE("Mul", "y", x, NODE("Div", "p", gate, six));
  case 3:
    return NODE("Mul", "y", NODE("Mul", "p", sixth, gate), x);
  default:
    return NODE("Mul", "y", NODE("Div", "p", x, six), gate);
  }
}

START_TEST(clipped_products_become_hardswish) {
  for (int form = 0; form < 5; form++) {
    Maker maker = maker_new(13), *m = &maker;
    make_output(m, hardswish(m, make_input(m, "x", SHAPE(2, 7)), form));
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_hardswish].rewrites, 1);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "HardSwish");
    ck_assert_str_eq(m->graph->nodes[0]->outputs[0]->name, "y");
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(hardsigmoid_products_become_hardswish) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 7));
  Value *gate = NODE("HardSigmoid", "gate", x);
  set_float(m, "alpha", (double)(1.0f / 6.0f));
  make_output(m, NODE("Mul", "y", gate, x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_str_eq(m->graph->nodes[0]->type, "HardSwish");
  graph_free(m->graph);
}
END_TEST

/* Nearly HardSwish: another limit, another slope, another x, a result of higher rank. */
START_TEST(other_products_stay) {
  for (int form = 0; form < 4; form++) {
    Maker maker = maker_new(13), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 7)), *z = make_input(m, "z", SHAPE(2, 7));
    Value *sum = NODE("Add", "sum", x, make_number(m, "three", 3.0f));
    Value *high = make_number(m, "high", form == 0 ? 5.0f : 6.0f);
    Value *gate = NODE("Clip", "gate", sum, make_number(m, "low", 0.0f), high);
    Value *sixth = form == 3 ? make_constant(m, "sixth", SHAPE(1, 1, 1))
                             : make_number(m, "sixth", form == 1 ? 0.2f : 1.0f / 6.0f);
    if (form == 3) tensor_set((Tensor *)sixth->constant, 0, (double)(1.0f / 6.0f));
    make_output(m, NODE("Mul", "y", NODE("Mul", "p", gate, form == 2 ? z : x), sixth));
    clean_and_compare(m);
    ck_assert_int_eq(graph_count(m->graph, "HardSwish"), 0);
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(sigmoid_products_become_swish) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 7));
  Value *y = NODE("Mul", "silu", x, NODE("Sigmoid", "gate", x));
  make_output(m, NODE("Mul", "y", y, make_constant(m, "c", SHAPE(7))));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->nodes[0]->type, "Swish");
  ck_assert_int_eq(m->graph->nodes[0]->opset, 24);
  graph_free(m->graph);
}
END_TEST

static Value *gelu(Maker *m, Value *x, int form) {
  Value *half = make_number(m, "half", 0.5f), *one = make_number(m, "one", 1.0f);
  Value *argument = form % 2 == 0 ? NODE("Div", "argument", x, make_number(m, "root", 1.41421354f))
                                  : NODE("Mul", "argument", x, make_number(m, "root", 0.707106769f));
  Value *erf_value = NODE("Erf", "erf", argument);
  Value *gate = form % 2 == 0 ? NODE("Add", "gate", erf_value, one) : NODE("Add", "gate", one, erf_value);
  switch (form) {
  case 0:
    return NODE("Mul", "y", NODE("Mul", "p", x, gate), half);
  case 1:
    return NODE("Mul", "y", x, NODE("Mul", "p", gate, half));
  default:
    return NODE("Mul", "y", NODE("Mul", "p", half, x), gate);
  }
}

START_TEST(erf_products_become_gelu) {
  for (int form = 0; form < 3; form++) {
    Maker maker = maker_new(13), *m = &maker;
    make_output(m, gelu(m, make_input(m, "x", SHAPE(2, 7)), form));
    clean_and_compare(m);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "Gelu");
    graph_free(m->graph);
  }
}
END_TEST

static Value *layernorm(Maker *m, Value *x, int64_t axis, bool use_pow) {
  Value *mean = NODE("ReduceMean", "mean", x);
  set_ints(m, "axes", &axis, 1);
  Value *centred = NODE("Sub", "centred", x, mean);
  Value *square = use_pow ? NODE("Pow", "square", centred, make_number(m, "two", 2.0f))
                          : NODE("Mul", "square", centred, centred);
  Value *variance = NODE("ReduceMean", "variance", square);
  set_ints(m, "axes", &axis, 1);
  Value *sum = NODE("Add", "sum", variance, make_number(m, "epsilon", 1e-5f));
  return NODE("Div", "normal", centred, NODE("Sqrt", "deviation", sum));
}

START_TEST(written_out_layernorm_is_recognised) {
  for (int form = 0; form < 4; form++) {
    Maker maker = maker_new(13), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 3, 8)), *gamma = make_constant(m, "gamma", SHAPE(8));
    Value *normal = layernorm(m, x, form % 2 == 0 ? -1 : 2, form % 2 == 0);
    Value *y = NODE("Mul", "y", normal, gamma);
    if (form >= 2) y = NODE("Add", "z", make_constant(m, "beta", SHAPE(8)), y);
    make_output(m, y);
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 1);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "LayerNormalization");
    graph_free(m->graph);
  }
}
END_TEST

/* Scale along the last axis, mean over another one. */
START_TEST(norm_over_another_axis_than_its_scale_is_no_whole) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 8));
  make_output(m, NODE("Mul", "y", layernorm(m, x, 1, true), make_constant(m, "gamma", SHAPE(8))));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 1);
  ck_assert_int_eq(graph_count(m->graph, "LayerNormalization"), 1);
  ck_assert_int_eq(graph_count(m->graph, "Mul"), 1);
  graph_free(m->graph);
}
END_TEST

/* A mean as JAX and TensorFlow write it: the sum times 1/n, the axis dropped. */
static Value *sum_mean(Maker *m, const char *sum, const char *mean, Value *x, int64_t axis, float count) {
  Value *total = NODE("ReduceSum", sum, x, make_ints(m, graph_unused_name(m->graph, "axes", NULL), &axis, 1));
  set_int(m, "keepdims", 0);
  return NODE("Mul", mean, total, make_number(m, graph_unused_name(m->graph, "1/n", NULL), 1 / count));
}

/* The number of each row, reshaped and expanded to x: as it is `shape`, then `whole`. */
static Value *spread(Maker *m, const char *name, Value *rows, const int64_t *shape, const int64_t *whole) {
  Value *reshaped = NODE("Reshape", graph_unused_name(m->graph, "reshaped", NULL), rows,
                         make_ints(m, graph_unused_name(m->graph, "shape", NULL), shape, 3));
  return NODE("Expand", name, reshaped, make_ints(m, graph_unused_name(m->graph, "whole", NULL), whole, 3));
}

/* Flax: variance from the mean of the squares, clamped; the inverse deviation takes the scale first. */
static Value *flax_norm(Maker *m, Value *x, int64_t axis, Value *scale, Value *bias, bool in_two) {
  int64_t whole[3] = {2, 3, 8}, rows[3] = {2, 3, 8};
  rows[axis] = 1;
  Value *mean = sum_mean(m, "sum", "mean", x, axis, (float)whole[axis]);
  Value *squares = sum_mean(m, "sums", "squares", NODE("Mul", "x2", x, x), axis, (float)whole[axis]);
  Value *variance = NODE("Sub", "v", squares, NODE("Mul", "mean2", mean, mean));
  variance = NODE("Max", "variance", make_number(m, "zero", 0), variance);
  Value *sum = NODE("Add", "plus", spread(m, "vs", variance, rows, rows), make_number(m, "epsilon", 1e-6f));
  Value *inverse = NODE("Mul", "inverse", NODE("Reciprocal", "recip", NODE("Sqrt", "root", sum)), scale);
  Value *wide = spread(m, "ms", mean, rows, in_two ? rows : whole);
  if (in_two)
    return NODE("Add", "y", NODE("Mul", "xi", x, inverse),
                NODE("Sub", "shift", bias, NODE("Mul", "mi", wide, inverse)));
  return NODE("Add", "y", NODE("Mul", "scaled", NODE("Sub", "centred", x, wide), inverse), bias);
}

START_TEST(layernorm_of_other_exporters_is_recognised) {
  for (int form = 0; form < 4; form++) {
    Maker maker = maker_new(13), *m = &maker;
    int axis = form % 2 == 0 ? 2 : 1;
    Shape along = axis == 2 ? SHAPE(1, 1, 8) : SHAPE(3, 1);
    Value *x = make_input(m, "x", SHAPE(2, 3, 8));
    make_output(m, flax_norm(m, x, axis, make_constant(m, "gamma", along), make_constant(m, "beta", along),
                             form >= 2));
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 1);
    ck_assert_int_eq(graph_count(m->graph, "LayerNormalization"), 1);
    ck_assert_int_eq(m->graph->node_count, axis == 2 ? 1 : 3);
    graph_free(m->graph);
  }
}
END_TEST

/* A variance that is of something else, a mean over too few: computed as written. */
START_TEST(almost_a_layernorm_stays) {
  for (int form = 0; form < 2; form++) {
    Maker maker = maker_new(13), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 3, 8)), *z = form == 0 ? NODE("Abs", "other", x) : x;
    Value *mean = sum_mean(m, "sum", "mean", x, 2, form == 0 ? 8 : 7);
    Value *squares = sum_mean(m, "sums", "squares", NODE("Mul", "x2", z, z), 2, 8);
    if (form == 0) squares = NODE("Add", "more", squares, make_number(m, "one", 1));
    Value *variance = NODE("Sub", "v", squares, NODE("Mul", "mean2", mean, mean));
    Value *root = NODE("Sqrt", "root", NODE("Add", "plus", variance, make_number(m, "epsilon", 2)));
    int64_t rows[3] = {2, 3, 1}, whole[3] = {2, 3, 8};
    Value *centred = NODE("Sub", "centred", x, spread(m, "ms", mean, rows, whole));
    make_output(m, NODE("Div", "y", centred, spread(m, "rs", root, rows, whole)));
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 0);
    graph_free(m->graph);
  }
}
END_TEST

static void add_fusing(TCase *tests) {
  tcase_add_test(tests, clipped_products_become_hardswish);
  tcase_add_test(tests, hardsigmoid_products_become_hardswish);
  tcase_add_test(tests, other_products_stay);
  tcase_add_test(tests, sigmoid_products_become_swish);
  tcase_add_test(tests, erf_products_become_gelu);
  tcase_add_test(tests, written_out_layernorm_is_recognised);
  tcase_add_test(tests, norm_over_another_axis_than_its_scale_is_no_whole);
  tcase_add_test(tests, layernorm_of_other_exporters_is_recognised);
  tcase_add_test(tests, almost_a_layernorm_stays);
}

Suite *suite_passes_fuse(void) {
  Suite *suite = suite_create("passes_fuse");
  TCase *fusing = tcase_create("fusing");
  add_fusing(fusing);
  suite_add_tcase(suite, fusing);
  return suite;
}
