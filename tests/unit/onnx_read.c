/* The ONNX importer: what it makes of good files. */
#include "formats/onnx/onnx.h"
#include "tests/support/onnx_cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_onnx_read(void);

START_TEST(reads_a_graph) {
  Text bytes = relu_graph(), model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  ck_assert_int_eq(graph->node_count, 1);
  ck_assert_str_eq(graph->nodes[0]->name, "relu");
  ck_assert_int_eq(graph->input_count, 1);
  ck_assert_int_eq(graph->inputs[0]->type, ELEMENT_FLOAT32);
  ck_assert_int_eq(graph->inputs[0]->shape.rank, 2);
  ck_assert_int_eq(graph->inputs[0]->shape.dims[0], 1);
  ck_assert_str_eq(graph_symbol_name(graph, graph->inputs[0]->shape.dims[1]), "N");
  ck_assert_ptr_eq(graph->outputs[0]->producer, graph->nodes[0]);
  ck_assert_int_eq(graph_opset(graph, ""), 17);
  ck_assert_int_eq(graph->ir_version, 8);
  ck_assert_str_eq(graph->producer, "tests");
  graph_free(graph);
}
END_TEST

START_TEST(takes_nodes_in_any_order_and_names_them) {
  Text bytes = {0};
  onnx_put_value(&bytes, ONNX_INPUT, "x", 1, "2");
  onnx_put_node(&bytes, "Exp", NULL, "a", "y", NULL);
  onnx_put_node(&bytes, "Relu", "twice", "x", "b", NULL);
  onnx_put_node(&bytes, "Neg", "twice", "b", "a", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 1, NULL);
  Text model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  ck_assert_str_eq(graph->nodes[0]->type, "Relu");
  ck_assert_str_eq(graph->nodes[1]->type, "Neg");
  ck_assert_str_eq(graph->nodes[2]->type, "Exp");
  ck_assert_str_ne(graph->nodes[0]->name, graph->nodes[1]->name);
  ck_assert_uint_gt(strlen(graph->nodes[2]->name), 0);
  graph_free(graph);
}
END_TEST

START_TEST(initialized_inputs_are_constants) {
  Text bytes = {0};
  onnx_put_value(&bytes, ONNX_INPUT, "x", 1, "2");
  onnx_put_value(&bytes, ONNX_INPUT, "w", 1, "2");
  onnx_put_floats(&bytes, "w", "2", (float[]){3.0f, 4.0f}, 2);
  onnx_put_node(&bytes, "Add", "add", "x,w", "y", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 1, "2");
  Text model = onnx_model_bytes(&bytes, 3, 9);
  Graph *graph = parse_good(&model);
  ck_assert_int_eq(graph->input_count, 1);
  const Tensor *w = node_constant(graph->nodes[0], 1);
  ck_assert_ptr_nonnull(w);
  ck_assert_double_eq(tensor_get(w, 1), 4.0);
  ck_assert_uint_eq((uintptr_t)w->data % 16, 0);
  graph_free(graph);
}
END_TEST

START_TEST(absent_ports_are_null) {
  Text bytes = {0};
  onnx_put_value(&bytes, ONNX_INPUT, "x", 1, "2");
  onnx_put_value(&bytes, ONNX_INPUT, "high", 1, "");
  onnx_put_node(&bytes, "Clip", "clip", "x,,high", "y", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 1, "2");
  Text model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  ck_assert_int_eq(graph->nodes[0]->input_count, 3);
  ck_assert_ptr_null(graph->nodes[0]->inputs[1]);
  ck_assert_ptr_nonnull(graph->nodes[0]->inputs[2]);
  graph_free(graph);
}
END_TEST

START_TEST(reads_attributes) {
  Text bytes = {0}, attributes = {0}, f = {0}, i = {0}, ints = {0}, floats = {0};
  put_float(&f, ONNX_F, 0.5f);
  onnx_put_attribute(&attributes, "f", ATTRIBUTE_FLOAT, &f);
  put_varint(&i, ONNX_I, (uint64_t)-7);
  onnx_put_attribute(&attributes, "i", ATTRIBUTE_INT, &i);
  put_varint(&ints, ONNX_INTS, 3);
  put_varint(&ints, ONNX_INTS, 4);
  onnx_put_attribute(&attributes, "ints", ATTRIBUTE_INTS, &ints);
  put_float(&floats, ONNX_FLOATS, 1.5f);
  onnx_put_attribute(&attributes, "floats", ATTRIBUTE_FLOATS, &floats);
  put_text_attribute(&attributes, "s", ATTRIBUTE_STRING, ONNX_S, "SAME_UPPER");
  onnx_put_value(&bytes, ONNX_INPUT, "x", 1, "2");
  onnx_put_node(&bytes, "Relu", "n", "x", "y", &attributes);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 1, "2");
  Text model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  const Node *node = graph->nodes[0];
  ck_assert_double_eq(node_float(node, "f", 0), 0.5);
  ck_assert_int_eq(node_int(node, "i", 0), -7);
  ck_assert_uint_eq(node_attribute(node, "ints")->count, 2);
  ck_assert_int_eq(node_attribute(node, "ints")->ints[1], 4);
  ck_assert_float_eq(node_attribute(node, "floats")->floats[0], 1.5f);
  ck_assert_str_eq(node_attribute(node, "s")->s, "SAME_UPPER");
  graph_free(graph);
}
END_TEST

START_TEST(bodies_read_values_from_around_them) {
  Text bytes = if_graph("x"), model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  const Graph *body = node_attribute(graph->nodes[0], "then_branch")->graph;
  ck_assert_ptr_nonnull(body);
  ck_assert_ptr_eq(body->outer, graph);
  const Value *x = body->nodes[0]->inputs[1];
  ck_assert_str_eq(x->name, "x");
  ck_assert_ptr_null(x->producer);
  ck_assert_int_eq(graph_find_value(graph, "x")->user_count, 1);
  graph_free(graph);
}
END_TEST

START_TEST(skips_unknown_fields) {
  Text graph = relu_graph();
  put_text(&graph, 99, "of a later version");
  put_varint(&graph, 98, 5);
  Text model = onnx_model_bytes(&graph, 8, 17);
  graph_free(parse_good(&model));
}
END_TEST

START_TEST(reads_files) {
  Text bytes = relu_graph(), model = onnx_model_bytes(&bytes, 8, 17), tensor = onnx_tensor_bytes("t", 1, "1");
  char path[] = "/tmp/edgec_onnx_XXXXXX";
  int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  Error err = {0};
  Graph *graph = NULL;
  ck_assert_int_eq(file_write(path, model.bytes, model.length, &err), OK);
  ck_assert_int_eq(onnx_read(path, &graph, &err), OK);
  graph_free(graph);
  put_float(&tensor, ONNX_FLOAT_DATA, 2.5f);
  Arena arena = {0};
  Tensor *read = NULL;
  ck_assert_int_eq(file_write(path, tensor.bytes, tensor.length, &err), OK);
  ck_assert_int_eq(onnx_read_tensor(path, &arena, &read, &err), OK);
  ck_assert_double_eq(tensor_get(read, 0), 2.5);
  ck_assert_int_eq(onnx_read(path, &graph, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, path));
  remove(path);
  ck_assert_int_eq(onnx_read(path, &graph, &err), SYSTEM);
  arena_free(&arena);
  text_free(&model);
  text_free(&tensor);
}
END_TEST

static void add_reading(TCase *tests) {
  tcase_add_test(tests, reads_a_graph);
  tcase_add_test(tests, takes_nodes_in_any_order_and_names_them);
  tcase_add_test(tests, initialized_inputs_are_constants);
  tcase_add_test(tests, absent_ports_are_null);
  tcase_add_test(tests, reads_attributes);
  tcase_add_test(tests, bodies_read_values_from_around_them);
  tcase_add_test(tests, skips_unknown_fields);
  tcase_add_test(tests, reads_files);
}

Suite *suite_onnx_read(void) {
  Suite *suite = suite_create("onnx_read");
  TCase *reading = tcase_create("reading");
  add_reading(reading);
  suite_add_tcase(suite, reading);
  return suite;
}
