/* Passes that drop what does nothing and compute what is constant. */
#include "interpreter/fold.h"
#include "tests/support/pass_case.h"

#include <check.h>
#include <stdio.h>

Suite *suite_passes_drop(void);

/* A chain of nodes that change nothing, behind a Relu. */
START_TEST(identities_go) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = NODE("Relu", "r", make_input(m, "x", SHAPE(2, 6)));
  v = NODE("Identity", "i1", NODE("Identity", "i0", v));
  v = NODE("Dropout", "i2", v);
  v = NODE("Cast", "i3", v);
  set_int(m, "to", ELEMENT_FLOAT32);
  v = NODE("Reshape", "i4", v, make_ints(m, "shape", (int64_t[]){2, -1}, 2));
  v = NODE("Transpose", "i5", v);
  set_ints(m, "perm", (int64_t[]){0, 1}, 2);
  v = NODE("Pad", "i6", v, make_ints(m, "pads", (int64_t[]){0, 0, 0, 0}, 4));
  v = NODE("Slice", "i7", v, make_ints(m, "starts", (int64_t[]){0}, 1),
           make_ints(m, "ends", (int64_t[]){99}, 1));
  v = NODE("Concat", "i8", v);
  set_int(m, "axis", 0);
  v = NODE("Expand", "i9", v, make_ints(m, "to", (int64_t[]){2, 1}, 2));
  make_output(m, NODE("Neg", "y", v));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_drop_identity].rewrites, 10);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(moves_stay) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = make_input(m, "x", SHAPE(2, 2));
  v = NODE("Transpose", "t", v);
  v = NODE("Slice", "s", v, make_ints(m, "starts", (int64_t[]){-1}, 1),
           make_ints(m, "ends", (int64_t[]){-99}, 1), make_ints(m, "axes", (int64_t[]){0}, 1),
           make_ints(m, "steps", (int64_t[]){-1}, 1));
  v = NODE("Pad", "p", v, make_ints(m, "pads", (int64_t[]){1, 0, -1, 0}, 4));
  make_output(m, NODE("Reshape", "y", v, make_ints(m, "shape", (int64_t[]){4}, 1)));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 4);
  graph_free(m->graph);
}
END_TEST

START_TEST(an_output_keeps_its_name) {
  Maker maker = maker_new(17), *m = &maker;
  Value *relu = NODE("Relu", "r", make_input(m, "x", SHAPE(2)));
  make_output(m, NODE("Identity", "y", relu));
  make_output(m, NODE("Neg", "z", relu));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->outputs[0]->name, "y");
  ck_assert_ptr_eq(m->graph->outputs[0]->producer, m->graph->nodes[0]);
  ck_assert_str_eq(m->graph->nodes[1]->inputs[0]->name, "y");
  graph_free(m->graph);
}
END_TEST

START_TEST(an_input_that_is_the_output_needs_its_identity) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2));
  make_output(m, NODE("Identity", "y", x));
  make_output(m, NODE("Identity", "z", x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(one_value_as_two_outputs_needs_one_identity) {
  Maker maker = maker_new(17), *m = &maker;
  Value *relu = NODE("Relu", "r", make_input(m, "x", SHAPE(2)));
  make_output(m, NODE("Identity", "y", relu));
  make_output(m, NODE("Identity", "z", relu));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->outputs[0]->name, "y");
  ck_assert_str_eq(m->graph->outputs[1]->name, "z");
  graph_free(m->graph);
}
END_TEST

START_TEST(shape_arithmetic_folds) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 4));
  Value *first = NODE("Gather", "first", NODE("Shape", "shape", x), make_ints(m, "zero", (int64_t[]){0}, 1));
  Value *to = NODE("Concat", "to", first, make_ints(m, "rest", (int64_t[]){-1}, 1));
  set_int(m, "axis", 0);
  make_output(m, NODE("Reshape", "y", NODE("Relu", "r", x), to));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fold_constants].rewrites, 3);
  ck_assert_int_eq(m->graph->node_count, 2);
  const Tensor *shape = node_constant(m->graph->nodes[1], 1);
  ck_assert_int_eq(tensor_get_integer(shape, 0), 2);
  ck_assert_int_eq(tensor_get_integer(shape, 1), -1);
  graph_free(m->graph);
}
END_TEST

START_TEST(views_of_constants_fold) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 6)), *w = make_constant(m, "w", SHAPE(2, 3, 2));
  Value *view = NODE("Reshape", "view", w, make_ints(m, "to", (int64_t[]){6, 2}, 2));
  make_output(m, NODE("MatMul", "y", x, view));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_str_eq(m->graph->nodes[0]->inputs[1]->name, "view");
  graph_free(m->graph);
}
END_TEST

START_TEST(a_part_of_a_shape_folds) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 4));
  Value *part = NODE("Shape", "part", x);
  set_int(m, "start", -2);
  set_int(m, "end", -1);
  make_output(m, part);
  make_output(m, NODE("Size", "size", x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 0);
  ck_assert_int_eq(tensor_elements(part->constant), 1);
  ck_assert_int_eq(tensor_get_integer(part->constant, 0), 3);
  ck_assert_int_eq(tensor_get_integer(m->graph->outputs[1]->constant, 0), 24);
  graph_free(m->graph);
}
END_TEST

START_TEST(unknown_shapes_and_large_results_stay) {
  Maker maker = maker_new(17), *m = &maker;
  Error err = {0};
  int symbol = graph_symbol(m->graph, "N", &err);
  Value *x = make_input(m, "x", SHAPE(DIM_SYMBOL(symbol), 3));
  make_output(m, NODE("Shape", "shape", x));
  make_output(m, NODE("ConstantOfShape", "large", make_ints(m, "to", (int64_t[]){8192, 4096}, 2)));
  maker_finish(m);
  PassReport report = clean(m->graph);
  ck_assert_int_eq(report.counts[PASS_fold_constants].rewrites, 0);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

/* Six times 15.7 MB asked for by a few bytes: four are within the limit. */
START_TEST(folding_stops_at_its_limit) {
  Maker maker = maker_new(17), *m = &maker;
  for (int i = 0; i < 6; i++) {
    char names[2][16];
    snprintf(names[0], sizeof names[0], "y%d", i);
    snprintf(names[1], sizeof names[1], "to%d", i);
    make_output(m, NODE("ConstantOfShape", names[0], make_ints(m, names[1], (int64_t[]){1024, 3840}, 2)));
  }
  maker_finish(m);
  PassReport report = clean(m->graph);
  ck_assert_int_eq(report.counts[PASS_fold_constants].rewrites, 4);
  ck_assert_int_eq(graph_count(m->graph, "ConstantOfShape"), 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(dead_nodes_and_values_go) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2));
  NODE("Neg", "dead2", NODE("Relu", "dead1", x));
  make_constant(m, "unread", SHAPE(5));
  make_output(m, NODE("Relu", "y", x));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_drop_dead].rewrites, 2);
  ck_assert_int_eq(m->graph->value_count, 2);
  graph_free(m->graph);
}
END_TEST

/* An If whose body reads `r` and `i` by name: neither goes. */
START_TEST(what_bodies_read_stays) {
  Maker maker = maker_new(17), *m = &maker;
  Error err = {0};
  Value *x = make_input(m, "x", SHAPE(2));
  Value *i = NODE("Identity", "i", NODE("Relu", "r", x));
  make_output(m, NODE("If", "y", x));
  Attribute *attribute = arena_new(&m->graph->arena, 1, sizeof *attribute, &err);
  Graph *body = graph_new(&err);
  body->outer = m->graph;
  graph_add_value(body, "r", &err);
  graph_add_value(body, "i", &err);
  *attribute = (Attribute){.name = "then_branch", .kind = ATTRIBUTE_GRAPH, .graph = body};
  m->graph->nodes[2]->attributes = attribute;
  m->graph->nodes[2]->attribute_count = 1;
  int rewrites = 0;
  ck_assert_int_eq(graph_refresh(m->graph, &err), OK);
  ck_assert_int_eq(pass_drop_identity(m->graph, &interpreter_pass_hooks, &rewrites, &err), OK);
  ck_assert_int_eq(pass_drop_dead(m->graph, &interpreter_pass_hooks, &rewrites, &err), OK);
  ck_assert_int_eq(rewrites, 0);
  ck_assert_ptr_eq(graph_find_value(m->graph, "i"), i);
  graph_free(m->graph);
}
END_TEST

static void add_dropping(TCase *tests) {
  tcase_add_test(tests, identities_go);
  tcase_add_test(tests, moves_stay);
  tcase_add_test(tests, an_output_keeps_its_name);
  tcase_add_test(tests, an_input_that_is_the_output_needs_its_identity);
  tcase_add_test(tests, one_value_as_two_outputs_needs_one_identity);
  tcase_add_test(tests, shape_arithmetic_folds);
  tcase_add_test(tests, views_of_constants_fold);
  tcase_add_test(tests, a_part_of_a_shape_folds);
  tcase_add_test(tests, unknown_shapes_and_large_results_stay);
  tcase_add_test(tests, folding_stops_at_its_limit);
  tcase_add_test(tests, dead_nodes_and_values_go);
  tcase_add_test(tests, what_bodies_read_stays);
}

Suite *suite_passes_drop(void) {
  Suite *suite = suite_create("passes_drop");
  TCase *dropping = tcase_create("dropping");
  add_dropping(dropping);
  suite_add_tcase(suite, dropping);
  return suite;
}
