/* Graphs with nodes of several opsets become graphs of one. */
#include "formats/onnx/onnx.h"
#include "operators/op.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <string.h>

Suite *suite_onnx_upgrade(void);

/* x -> ReduceMean(axes [1]) -> Clip(0..1) -> Split -> Softmax(axis) of opset 10. */
static Maker old_graph(int64_t axis) {
  Error err = {0};
  Maker m = maker_new(10);
  Value *mean = make_node(&m, "ReduceMean", "mean", (Value *[]){make_input(&m, "x", SHAPE(2, 3, 4))}, 1);
  ck_assert_int_eq(node_set_ints(m.graph, mean->producer, "axes", (int64_t[]){1}, 1, &err), OK);
  Value *clip = make_node(&m, "Clip", "clip", &mean, 1);
  ck_assert_int_eq(node_set_float(m.graph, clip->producer, "max", 0.5, &err), OK);
  Value *soft = make_node(&m, "Softmax", "soft", &clip, 1);
  ck_assert_int_eq(node_set_int(m.graph, soft->producer, "axis", axis, &err), OK);
  make_output(&m, soft);
  maker_finish(&m);
  return m;
}

START_TEST(attributes_become_inputs) {
  Error err = {0};
  Arena arena = {0};
  Maker m = old_graph(2);
  const Tensor *before = graph_compute(m.graph, 0, &arena);
  ck_assert_msg(onnx_upgrade(m.graph, 20, &err) == OK, "%s", err.text);
  ck_assert_int_eq(graph_opset(m.graph, ""), 20);
  ck_assert_int_eq(m.graph->ir_version, 9); /* the first that knows it */
  maker_finish(&m);
  const Node *mean = graph_find_value(m.graph, "mean")->producer;
  const Node *clip = graph_find_value(m.graph, "clip")->producer;
  ck_assert_ptr_null(node_attribute(mean, "axes"));
  ck_assert_int_eq(tensor_get_integer(node_constant(mean, 1), 0), 1);
  ck_assert_ptr_null(node_input(clip, 1));
  ck_assert_double_eq(tensor_get(node_constant(clip, 2), 0), 0.5);
  const Tensor *after = graph_compute(m.graph, 0, &arena);
  ck_assert(memcmp(before->data, after->data, tensor_bytes(before)) == 0);
  arena_free(&arena);
  graph_free(m.graph);
}
END_TEST

START_TEST(newer_nodes_raise_the_others) {
  Error err = {0};
  Maker m = old_graph(2);
  graph_find_value(m.graph, "clip")->producer->opset = 11;
  ck_assert_msg(onnx_upgrade(m.graph, 0, &err) == OK, "%s", err.text);
  ck_assert_int_eq(graph_opset(m.graph, ""), 11);
  ck_assert_ptr_nonnull(node_attribute(graph_find_value(m.graph, "mean")->producer, "axes"));
  graph_free(m.graph);
}
END_TEST

START_TEST(nothing_happens_where_nothing_is_newer) {
  Error err = {0};
  Maker m = old_graph(1);
  ck_assert_int_eq(onnx_upgrade(m.graph, 0, &err), OK);
  ck_assert_int_eq(graph_opset(m.graph, ""), 10);
  graph_free(m.graph);
}
END_TEST

START_TEST(what_means_something_else_is_refused) {
  Error err = {0};
  Maker m = old_graph(1);
  ck_assert_int_eq(onnx_upgrade(m.graph, 13, &err), UNSUPPORTED);
  ck_assert_msg(strstr(err.text, "node 'soft' (Softmax) of opset 10") != NULL, "%s", err.text);
  graph_free(m.graph);
}
END_TEST

/* x + w, w on the dims of x from `axis` on. */
static Maker old_sum(int64_t axis) {
  Error err = {0};
  Maker m = maker_new(6);
  Value *x = make_input(&m, "x", SHAPE(2, 3, 3)), *w = make_constant(&m, "w", SHAPE(3));
  Value *sum = make_node(&m, "Add", "sum", (Value *[]){x, w}, 2);
  ck_assert_int_eq(node_set_int(m.graph, sum->producer, "broadcast", 1, &err), OK);
  ck_assert_int_eq(node_set_int(m.graph, sum->producer, "axis", axis, &err), OK);
  make_output(&m, sum);
  maker_finish(&m);
  return m;
}

START_TEST(old_broadcasting_is_raised_where_it_is_numpys) {
  Error err = {0};
  Maker last = old_sum(2), middle = old_sum(1);
  ck_assert_msg(onnx_upgrade(last.graph, 13, &err) == OK, "%s", err.text);
  ck_assert_int_eq(graph_find_value(last.graph, "sum")->producer->attribute_count, 0);
  maker_finish(&last);
  ck_assert_int_eq(onnx_upgrade(middle.graph, 13, &err), UNSUPPORTED);
  ck_assert_msg(strstr(err.text, "node 'sum' (Add) of opset 6") != NULL, "%s", err.text);
  graph_free(last.graph);
  graph_free(middle.graph);
}
END_TEST

Suite *suite_onnx_upgrade(void) {
  Suite *suite = suite_create("onnx_upgrade");
  TCase *tests = tcase_create("upgrade");
  tcase_add_test(tests, attributes_become_inputs);
  tcase_add_test(tests, newer_nodes_raise_the_others);
  tcase_add_test(tests, nothing_happens_where_nothing_is_newer);
  tcase_add_test(tests, what_means_something_else_is_refused);
  tcase_add_test(tests, old_broadcasting_is_raised_where_it_is_numpys);
  suite_add_tcase(suite, tests);
  return suite;
}
