/* The ONNX importer: what it makes of good files, and what it says of bad ones. */
#include "formats/onnx/onnx.h"
#include "operators/op.h"
#include "tests/support/onnx_bytes.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_onnx_read(void);

static Graph *parse_good(Text *model) {
  Graph *graph = NULL;
  Error err = {0};
  ck_assert_msg(onnx_parse("m.onnx", model->bytes, model->length, &graph, &err) == OK, "%s", err.text);
  text_free(model);
  return graph;
}

/* Parses what must be refused with that status and a message that begins with the file and holds `words`. */
static void refuse_model(Text *model, Status status, const char *words) {
  Graph *graph = NULL;
  Error err = {0};
  ck_assert_int_eq(onnx_parse("m.onnx", model->bytes, model->length, &graph, &err), status);
  ck_assert_ptr_null(graph);
  ck_assert_msg(strncmp(err.text, "m.onnx: ", 8) == 0, "%s", err.text);
  ck_assert_msg(strstr(err.text, words) != NULL, "'%s' is not in: %s", words, err.text);
  text_free(model);
}

static void refuse_graph(Text *graph, Status status, const char *words) {
  Text model = onnx_model_bytes(graph, 8, 17);
  refuse_model(&model, status, words);
}

/* y = Relu(x) of [1,N]. */
static Text relu_graph(void) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1,N");
  onnx_put_node(&graph, "Relu", "relu", "x", "y", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, "1,N");
  return graph;
}

/* relu_graph() with one more initializer. */
static void refuse_tensor(Text *tensor, Status status, const char *words) {
  Text graph = relu_graph();
  put_message(&graph, ONNX_INITIALIZER, tensor);
  refuse_graph(&graph, status, words);
}

/* ---- good files ---- */

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

static void add_attribute_of(Text *attributes, const char *name, int type, int field, const char *content) {
  Text fields = {0};
  put_text(&fields, field, content);
  onnx_put_attribute(attributes, name, type, &fields);
}

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
  add_attribute_of(&attributes, "s", ATTRIBUTE_STRING, ONNX_S, "SAME_UPPER");
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

/* A body that adds a value of the graph around it to a constant of its own. */
static Text body_bytes(const char *outside) {
  Text body = {0};
  char inputs[64] = "one,";
  strncat(inputs, outside, sizeof inputs - 5);
  onnx_put_floats(&body, "one", "1", (float[]){1.0f}, 1);
  onnx_put_node(&body, "Add", "inner", inputs, "sum", NULL);
  onnx_put_value(&body, ONNX_OUTPUT, "sum", 1, NULL);
  return body;
}

static Text if_graph(const char *outside) {
  Text graph = {0}, attributes = {0}, content = {0}, body = body_bytes(outside);
  put_message(&content, ONNX_G, &body);
  onnx_put_attribute(&attributes, "then_branch", ATTRIBUTE_GRAPH, &content);
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1");
  onnx_put_value(&graph, ONNX_INPUT, "condition", ELEMENT_BOOL, "");
  onnx_put_node(&graph, "If", "if", "condition", "y", &attributes);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, NULL);
  return graph;
}

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

START_TEST(refuses_a_body_that_reads_what_is_not_there) {
  Text bytes = if_graph("z");
  refuse_graph(&bytes, BAD_INPUT,
               "node 'if' (If): attribute 'then_branch': node 'inner' (Add): input 1 'z' is");
}
END_TEST

/* ---- tensors ---- */

/* The initializer "t" of a model that holds it, and its graph, to be freed. */
static const Tensor *read_tensor(Text *tensor, Graph **graph) {
  Text bytes = {0};
  put_message(&bytes, ONNX_INITIALIZER, tensor);
  onnx_put_node(&bytes, "Identity", "n", "t", "y", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 0, NULL);
  Text model = onnx_model_bytes(&bytes, 8, 17);
  *graph = parse_good(&model);
  return graph_find_value(*graph, "t")->constant;
}

/* Two elements of each numeric type, stored raw: the second is what `bytes` hold from `size` on. */
START_TEST(reads_raw_elements_of_every_type) {
  static const struct {
    ElementType type;
    size_t size;
    uint8_t bytes[16];
    double second;
  } cases[] = {
      {ELEMENT_FLOAT32, 4, {0, 0, 0, 0, 0, 0, 0xc0, 0x3f}, 1.5},
      {ELEMENT_FLOAT64, 8, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 1.5},
      {ELEMENT_FLOAT16, 2, {0, 0, 0, 0x3e}, 1.5},
      {ELEMENT_BFLOAT16, 2, {0, 0, 0xc0, 0x3f}, 1.5},
      {ELEMENT_INT8, 1, {0, 0xfe}, -2},
      {ELEMENT_UINT8, 1, {0, 0xfe}, 254},
      {ELEMENT_INT16, 2, {0, 0, 0xfe, 0xff}, -2},
      {ELEMENT_UINT16, 2, {0, 0, 0xfe, 0xff}, 65534},
      {ELEMENT_INT32, 4, {0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, -2},
      {ELEMENT_UINT32, 4, {0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, 4294967294.0},
      {ELEMENT_INT64, 8, {0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -2},
      {ELEMENT_UINT64, 8, {0, 0, 0, 0, 0, 0, 0, 0, 7}, 7},
      {ELEMENT_BOOL, 1, {0, 9}, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Text tensor = onnx_tensor_bytes("t", (int)cases[i].type, "2");
    put_bytes(&tensor, ONNX_RAW_DATA, cases[i].bytes, 2 * cases[i].size);
    Graph *graph;
    const Tensor *read = read_tensor(&tensor, &graph);
    ck_assert_int_eq(read->type, cases[i].type);
    ck_assert_double_eq(tensor_get(read, 0), 0.0);
    ck_assert_double_eq(tensor_get(read, 1), cases[i].second);
    graph_free(graph);
  }
}
END_TEST

/* One element of each type that stands in int32_data. */
START_TEST(reads_narrow_elements_from_int32_data) {
  static const struct {
    ElementType type;
    int64_t stored;
    double meant;
  } cases[] = {{ELEMENT_INT32, -5, -5},        {ELEMENT_INT8, -128, -128},     {ELEMENT_UINT8, 255, 255},
               {ELEMENT_INT16, -300, -300},    {ELEMENT_UINT16, 65535, 65535}, {ELEMENT_BOOL, 1, 1},
               {ELEMENT_FLOAT16, 0x3e00, 1.5}, {ELEMENT_BFLOAT16, 0x3fc0, 1.5}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Text tensor = onnx_tensor_bytes("t", (int)cases[i].type, "");
    put_varint(&tensor, ONNX_INT32_DATA, (uint64_t)cases[i].stored);
    Graph *graph;
    const Tensor *read = read_tensor(&tensor, &graph);
    ck_assert_int_eq(read->shape.rank, 0);
    ck_assert_double_eq(tensor_get(read, 0), cases[i].meant);
    graph_free(graph);
  }
}
END_TEST

START_TEST(reads_strings_and_empty_tensors) {
  Text tensor = onnx_tensor_bytes("t", ELEMENT_STRING, "2");
  put_text(&tensor, ONNX_STRING_DATA, "");
  put_text(&tensor, ONNX_STRING_DATA, "word");
  Graph *graph;
  const Tensor *read = read_tensor(&tensor, &graph);
  ck_assert_str_eq(((const char **)read->data)[0], "");
  ck_assert_str_eq(((const char **)read->data)[1], "word");
  graph_free(graph);
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "3,0");
  read = read_tensor(&tensor, &graph);
  ck_assert_int_eq(tensor_elements(read), 0);
  graph_free(graph);
}
END_TEST

START_TEST(refuses_bad_tensors) {
  Text tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "3");
  put_bytes(&tensor, ONNX_RAW_DATA, "\0\0\0\0", 4);
  refuse_tensor(&tensor, BAD_INPUT, "initializer 't' should have 3 elements of 4 bytes");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "2");
  put_float(&tensor, ONNX_FLOAT_DATA, 1.0f);
  refuse_tensor(&tensor, BAD_INPUT,
                "initializer 't' should have 2 elements by its shape, but the file holds 1");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "-1");
  refuse_tensor(&tensor, BAD_INPUT, "initializer 't' has a dimension of -1");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "4611686018427387904,4611686018427387904");
  refuse_tensor(&tensor, BAD_INPUT, "initializer 't' has a shape too large");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "1000000000000");
  put_bytes(&tensor, ONNX_RAW_DATA, "\0\0\0\0", 4);
  refuse_tensor(&tensor, BAD_INPUT, "initializer 't' should have 1000000000000 elements");
  tensor = onnx_tensor_bytes("t", 0, "1");
  refuse_tensor(&tensor, BAD_INPUT, "initializer 't' has no element type");
  tensor = onnx_tensor_bytes(NULL, ELEMENT_FLOAT32, "0");
  refuse_tensor(&tensor, BAD_INPUT, "an initializer has no name");
  tensor = onnx_tensor_bytes("t", ELEMENT_INT8, "1");
  put_varint(&tensor, ONNX_INT32_DATA, 200);
  refuse_tensor(&tensor, BAD_INPUT, "element 0 is 200, beyond int8");
  tensor = onnx_tensor_bytes("t", ELEMENT_STRING, "1");
  put_bytes(&tensor, ONNX_RAW_DATA, "word", 4);
  refuse_tensor(&tensor, BAD_INPUT, "holds strings as raw bytes");
  tensor = onnx_tensor_bytes("t", ELEMENT_STRING, "1");
  put_bytes(&tensor, ONNX_STRING_DATA, "a\0b", 3);
  refuse_tensor(&tensor, BAD_INPUT, "string 0 has a zero byte");
}
END_TEST

START_TEST(refuses_unsupported_tensors) {
  Text tensor = onnx_tensor_bytes("t", 22, "1");
  refuse_tensor(&tensor, UNSUPPORTED, "initializer 't' has elements of int4, which edgec does not support");
  tensor = onnx_tensor_bytes("t", 99, "1");
  refuse_tensor(&tensor, UNSUPPORTED, "elements of type 99");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "1");
  put_varint(&tensor, 14, 1);
  refuse_tensor(&tensor, UNSUPPORTED, "initializer 't' keeps its data in another file");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "1,1,1,1,1,1,1,1,1,1,1,1,1");
  refuse_tensor(&tensor, UNSUPPORTED, "initializer 't' has 13 dimensions; edgec supports 12");
}
END_TEST

/* ---- versions ---- */

static void refuse_versions(int64_t ir_version, int64_t opset, Status status, const char *words) {
  Text graph = relu_graph(), model = onnx_model_bytes(&graph, ir_version, opset);
  refuse_model(&model, status, words);
}

START_TEST(refuses_other_versions) {
  refuse_versions(8, ONNX_OPSET_MIN - 1, UNSUPPORTED, "opset 6 is too old; edgec reads opsets 7 to 28");
  refuse_versions(8, ONNX_OPSET_MAX + 1, UNSUPPORTED, "opset 29 is too new; edgec reads opsets 7 to 28");
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
  add_attribute_of(&attributes, "value", ATTRIBUTE_TENSOR, ONNX_S, "no tensor");
  graph = relu_graph();
  onnx_put_node(&graph, "Constant", "c", NULL, "z", &attributes);
  refuse_graph(&graph, BAD_INPUT, "node 'c' (Constant): attribute 'value' has no tensor");
  add_attribute_of(&attributes, "axis", 0, 21, "axis");
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
  onnx_put_value(&graph, ONNX_INPUT, "x", 17, "1");
  refuse_graph(&graph, UNSUPPORTED, "value 'x' has elements of float8e4m3fn");
  Text value = {0}, kind = {0}, sequence = {0};
  put_message(&kind, 4, &sequence);
  put_text(&value, 1, "x");
  put_message(&value, 2, &kind);
  put_message(&graph, ONNX_INPUT, &value);
  refuse_graph(&graph, UNSUPPORTED, "value 'x' is a sequence; edgec supports tensors");
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

START_TEST(skips_unknown_fields) {
  Text graph = relu_graph();
  put_text(&graph, 99, "of a later version");
  put_varint(&graph, 98, 5);
  Text model = onnx_model_bytes(&graph, 8, 17);
  graph_free(parse_good(&model));
}
END_TEST

/* ---- weights ---- */

static Status check_weights_of(const float *floats, size_t count, const char *dims, Error *err) {
  Text bytes = {0};
  onnx_put_floats(&bytes, "W", dims, floats, count);
  onnx_put_node(&bytes, "Identity", "n", "W", "y", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 1, NULL);
  Text model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = parse_good(&model);
  Status status = onnx_check_weights(graph, err);
  graph_free(graph);
  return status;
}

START_TEST(refuses_weights_that_are_no_numbers) {
  Error err = {0};
  ck_assert_int_eq(check_weights_of((float[]){1.0f, NAN}, 2, "2", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "initializer 'W' holds NaN at element 1 of 2");
  ck_assert_int_eq(check_weights_of((float[]){1.0f, 2.0f, -INFINITY}, 3, "3", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "initializer 'W' holds an infinite number at element 2 of 3");
  ck_assert_int_eq(check_weights_of((float[]){1.0f, -2.0f}, 2, "2", &err), OK);
  ck_assert_int_eq(check_weights_of((float[]){-INFINITY}, 1, "", &err), OK);
}
END_TEST

/* ---- files ---- */

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

static void add_good(TCase *tests) {
  tcase_add_test(tests, reads_a_graph);
  tcase_add_test(tests, takes_nodes_in_any_order_and_names_them);
  tcase_add_test(tests, initialized_inputs_are_constants);
  tcase_add_test(tests, absent_ports_are_null);
  tcase_add_test(tests, reads_attributes);
  tcase_add_test(tests, bodies_read_values_from_around_them);
  tcase_add_test(tests, reads_raw_elements_of_every_type);
  tcase_add_test(tests, reads_narrow_elements_from_int32_data);
  tcase_add_test(tests, reads_strings_and_empty_tensors);
  tcase_add_test(tests, skips_unknown_fields);
  tcase_add_test(tests, reads_files);
}

static void add_bad(TCase *tests) {
  tcase_add_test(tests, refuses_a_body_that_reads_what_is_not_there);
  tcase_add_test(tests, refuses_bad_tensors);
  tcase_add_test(tests, refuses_unsupported_tensors);
  tcase_add_test(tests, refuses_other_versions);
  tcase_add_test(tests, refuses_models_without_their_parts);
  tcase_add_test(tests, refuses_missing_inputs);
  tcase_add_test(tests, refuses_missing_outputs);
  tcase_add_test(tests, refuses_names_that_come_twice);
  tcase_add_test(tests, refuses_cycles);
  tcase_add_test(tests, refuses_bad_nodes);
  tcase_add_test(tests, refuses_bad_types);
  tcase_add_test(tests, messages_are_one_printable_line);
  tcase_add_test(tests, refuses_cut_off_files);
  tcase_add_test(tests, survives_changed_bytes);
  tcase_add_test(tests, refuses_deep_nesting);
  tcase_add_test(tests, refuses_what_would_take_much_memory);
  tcase_add_test(tests, refuses_a_second_graph);
  tcase_add_test(tests, refuses_weights_that_are_no_numbers);
}

Suite *suite_onnx_read(void) {
  Suite *suite = suite_create("onnx_read");
  TCase *good = tcase_create("good files"), *bad = tcase_create("bad files");
  add_good(good);
  add_bad(bad);
  suite_add_tcase(suite, good);
  suite_add_tcase(suite, bad);
  return suite;
}
