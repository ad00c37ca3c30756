/* The ONNX importer: what it says of bad files. */
#include "formats/onnx/onnx.h"
#include "tests/support/onnx_cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_onnx_refusals(void);

/* ---- versions ---- */

static void refuse_versions(int64_t ir_version, int64_t opset, Status status, const char *words) {
  Text graph = relu_graph(), model = onnx_model_bytes(&graph, ir_version, opset);
  refuse_model(&model, status, words);
}

START_TEST(refuses_other_versions) {
  char range[64], words[128];
  snprintf(range, sizeof range, "edgec reads opsets %d to %d", ONNX_OPSET_MIN, ONNX_OPSET_MAX);
  snprintf(words, sizeof words, "opset %d is too new; %s", ONNX_OPSET_MAX + 1, range);
  refuse_versions(8, ONNX_OPSET_MAX + 1, UNSUPPORTED, words);
  refuse_versions(8, 0, BAD_INPUT, "domain '' has opset 0");
  refuse_versions(2, 13, UNSUPPORTED, "IR version 2 is too old; edgec reads IR 3");
}
END_TEST

START_TEST(refuses_models_without_their_parts) {
  Text model = {0};
  refuse_model(&model, BAD_INPUT, "the file is empty");
  put_varint(&model, 1, 8);
  refuse_model(&model, BAD_INPUT, "the model imports no opset");
  put_text(&model, 2, "tests");
  refuse_model(&model, BAD_INPUT, "not an ONNX model: it has no IR version");
  Text import = {0};
  put_varint(&import, 2, 17);
  put_varint(&model, 1, 8);
  put_message(&model, 8, &import);
  refuse_model(&model, BAD_INPUT, "the model has no graph");
  Text graph = relu_graph();
  model = onnx_model_bytes(&graph, 8, 17);
  put_varint(&import, 2, 18);
  put_message(&model, 8, &import);
  refuse_model(&model, BAD_INPUT, "the opset of domain '' is given twice");
}
END_TEST

/* ---- graphs ---- */

START_TEST(refuses_a_body_that_reads_what_is_not_there) {
  Text bytes = if_graph("z");
  refuse_graph(&bytes, BAD_INPUT,
               "node 'if' (If): attribute 'then_branch': node 'inner' (Add): input 1 'z' is");
}
END_TEST

START_TEST(refuses_missing_inputs) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1,3,8,8");
  onnx_put_node(&graph, "Conv", "conv1", "x,W", "y", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, NULL);
  refuse_graph(&graph, BAD_INPUT, "node 'conv1' (Conv): input 1 'W' is missing");
}
END_TEST

START_TEST(refuses_missing_outputs) {
  Text graph = relu_graph();
  onnx_put_value(&graph, ONNX_OUTPUT, "z", 1, NULL);
  refuse_graph(&graph, BAD_INPUT, "output 'z' of the graph is missing");
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1");
  onnx_put_node(&graph, "Relu", "relu", "x", "y", NULL);
  refuse_graph(&graph, BAD_INPUT, "the graph has no outputs");
}
END_TEST

START_TEST(refuses_names_that_come_twice) {
  Text graph = relu_graph();
  onnx_put_node(&graph, "Neg", "neg", "x", "y", NULL);
  refuse_graph(&graph, BAD_INPUT, "node 'neg' (Neg): output 'y' is also another output");
  graph = relu_graph();
  onnx_put_node(&graph, "Neg", "neg", "x", "x", NULL);
  refuse_graph(&graph, BAD_INPUT, "node 'neg' (Neg): output 'x' is also an input of the graph");
  graph = relu_graph();
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1");
  refuse_graph(&graph, BAD_INPUT, "input 'x' of the graph is given twice");
  graph = relu_graph();
  onnx_put_floats(&graph, "w", "1", (float[]){0}, 1);
  onnx_put_floats(&graph, "w", "1", (float[]){0}, 1);
  refuse_graph(&graph, BAD_INPUT, "initializer 'w' is given twice");
  graph = relu_graph();
  onnx_put_floats(&graph, "y", "1", (float[]){0}, 1);
  refuse_graph(&graph, BAD_INPUT, "node 'relu' (Relu): output 'y' is also an initializer");
}
END_TEST

START_TEST(refuses_cycles) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "2");
  onnx_put_node(&graph, "Add", "first", "x,b", "a", NULL);
  onnx_put_node(&graph, "Relu", "second", "a", "b", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "b", 1, NULL);
  refuse_graph(&graph, BAD_INPUT, "cycle");
}
END_TEST

START_TEST(refuses_bad_nodes) {
  Text graph = relu_graph();
  onnx_put_node(&graph, NULL, "blank", "x", "z", NULL);
  refuse_graph(&graph, BAD_INPUT, "node 'blank' (number 1) has no operator");
  Text attributes = {0}, content = {0};
  put_varint(&content, ONNX_I, 1);
  onnx_put_attribute(&attributes, "axis", ATTRIBUTE_INT, &content);
  put_varint(&content, ONNX_I, 2);
  onnx_put_attribute(&attributes, "axis", ATTRIBUTE_INT, &content);
  graph = relu_graph();
  onnx_put_node(&graph, "Softmax", "soft", "x", "z", &attributes);
  refuse_graph(&graph, BAD_INPUT, "node 'soft' (Softmax): attribute 'axis' is given twice");
  put_text_attribute(&attributes, "value", ATTRIBUTE_TENSOR, ONNX_S, "no tensor");
  graph = relu_graph();
  onnx_put_node(&graph, "Constant", "c", NULL, "z", &attributes);
  refuse_graph(&graph, BAD_INPUT, "node 'c' (Constant): attribute 'value' has no tensor");
  put_text_attribute(&attributes, "axis", 0, 21, "axis");
  graph = relu_graph();
  onnx_put_node(&graph, "Softmax", "soft", "x", "z", &attributes);
  refuse_graph(&graph, BAD_INPUT, "attribute 'axis' refers to an attribute of a function");
}
END_TEST

START_TEST(refuses_bad_types) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 0, "1");
  refuse_graph(&graph, BAD_INPUT, "input 'x' of the graph has no element type");
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1,-2");
  refuse_graph(&graph, BAD_INPUT, "value 'x' has a dimension of -2");
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "4611686018427387904,4611686018427387904");
  refuse_graph(&graph, BAD_INPUT, "value 'x' has a shape too large");
  onnx_put_value(&graph, ONNX_INPUT, "x", 15, "1");
  refuse_graph(&graph, UNSUPPORTED, "value 'x' has elements of complex128");
  Text value = {0}, kind = {0}, map = {0};
  put_message(&kind, 5, &map);
  put_text(&value, 1, "x");
  put_message(&value, 2, &kind);
  put_message(&graph, ONNX_INPUT, &value);
  refuse_graph(&graph, UNSUPPORTED, "value 'x' is a map; edgec supports tensors, sequences and optionals");
}
END_TEST

START_TEST(messages_are_one_printable_line) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1");
  onnx_put_node(&graph, "Relu", "a\n\x1b[31m", "nothing", "y", NULL);
  refuse_graph(&graph, BAD_INPUT, "node 'a\\x0a\\x1b[31m' (Relu)");
}
END_TEST

/* ---- the wire format ---- */

/* Every file that is cut off anywhere is refused, and none crashes. */
START_TEST(refuses_cut_off_files) {
  Text bytes = relu_graph(), model = onnx_model_bytes(&bytes, 8, 17);
  for (size_t size = 1; size < model.length; size++) {
    Graph *graph = NULL;
    Error err = {0};
    char *cut = malloc(size); /* of that size, so that a sanitizer sees a read beyond it */
    memcpy(cut, model.bytes, size);
    ck_assert_int_ne(onnx_parse("m.onnx", cut, size, &graph, &err), OK);
    ck_assert_ptr_null(graph);
    free(cut);
  }
  text_free(&model);
}
END_TEST

/* Every byte replaced by every one of a few others: read or refused, never a crash. */
START_TEST(survives_changed_bytes) {
  static const uint8_t others[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
  Text bytes = if_graph("x"), model = onnx_model_bytes(&bytes, 8, 17);
  int refused = 0;
  for (size_t at = 0; at < model.length; at++)
    for (size_t i = 0; i < sizeof others; i++) {
      Graph *graph = NULL;
      Error err = {0};
      char before = model.bytes[at];
      model.bytes[at] = (char)others[i];
      Status status = onnx_parse("m.onnx", model.bytes, model.length, &graph, &err);
      ck_assert((status == OK) == (graph != NULL));
      refused += status != OK;
      graph_free(graph);
      model.bytes[at] = before;
    }
  ck_assert_int_gt(refused, 0);
  text_free(&model);
}
END_TEST

START_TEST(refuses_deep_nesting) {
  Text graph = relu_graph();
  for (int depth = 0; depth < 40; depth++) {
    Text content = {0}, attributes = {0}, outer = {0};
    put_message(&content, ONNX_G, &graph);
    onnx_put_attribute(&attributes, "body", ATTRIBUTE_GRAPH, &content);
    onnx_put_node(&outer, "If", "if", "x", "y", &attributes);
    graph = outer;
  }
  refuse_graph(&graph, BAD_INPUT, "messages are nested more than 64 deep");
}
END_TEST

START_TEST(refuses_what_would_take_much_memory) {
  Text graph = {0}, nothing = {0};
  for (int i = 0; i < 200000; i++) put_message(&graph, ONNX_NODE, &nothing);
  refuse_graph(&graph, BAD_INPUT, "unreasonable amount of memory");
}
END_TEST

START_TEST(refuses_a_second_graph) {
  Text first = relu_graph(), second = relu_graph(), model = onnx_model_bytes(&first, 8, 17);
  put_message(&model, 7, &second);
  refuse_model(&model, BAD_INPUT, "a field that may be there once comes again");
}
END_TEST

static void add_versions(TCase *tests) {
  tcase_add_test(tests, refuses_other_versions);
  tcase_add_test(tests, refuses_models_without_their_parts);
}

static void add_graphs(TCase *tests) {
  tcase_add_test(tests, refuses_a_body_that_reads_what_is_not_there);
  tcase_add_test(tests, refuses_missing_inputs);
  tcase_add_test(tests, refuses_missing_outputs);
  tcase_add_test(tests, refuses_names_that_come_twice);
  tcase_add_test(tests, refuses_cycles);
  tcase_add_test(tests, refuses_bad_nodes);
  tcase_add_test(tests, refuses_bad_types);
  tcase_add_test(tests, messages_are_one_printable_line);
}

static void add_wire(TCase *tests) {
  tcase_add_test(tests, refuses_cut_off_files);
  tcase_add_test(tests, survives_changed_bytes);
  tcase_add_test(tests, refuses_deep_nesting);
  tcase_add_test(tests, refuses_what_would_take_much_memory);
  tcase_add_test(tests, refuses_a_second_graph);
}

Suite *suite_onnx_refusals(void) {
  Suite *suite = suite_create("onnx_refusals");
  TCase *versions = tcase_create("versions");
  add_versions(versions);
  suite_add_tcase(suite, versions);
  TCase *graphs = tcase_create("graphs");
  add_graphs(graphs);
  suite_add_tcase(suite, graphs);
  TCase *wire = tcase_create("wire");
  add_wire(wire);
  suite_add_tcase(suite, wire);
  return suite;
}
