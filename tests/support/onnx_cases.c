#include "tests/support/onnx_cases.h"

#include "formats/onnx/onnx.h"

#include <check.h>
#include <string.h>

Graph *parse_good(Text *model) {
  Graph *graph = NULL;
  Error err = {0};
  ck_assert_msg(onnx_parse("m.onnx", model->bytes, model->length, &graph, &err) == OK, "%s", err.text);
  text_free(model);
  return graph;
}

void refuse_model(Text *model, Status status, const char *words) {
  Graph *graph = NULL;
  Error err = {0};
  ck_assert_int_eq(onnx_parse("m.onnx", model->bytes, model->length, &graph, &err), status);
  ck_assert_ptr_null(graph);
  ck_assert_msg(strncmp(err.text, "m.onnx: ", 8) == 0, "%s", err.text);
  ck_assert_msg(strstr(err.text, words) != NULL, "'%s' is not in: %s", words, err.text);
  text_free(model);
}

void refuse_graph(Text *graph, Status status, const char *words) {
  Text model = onnx_model_bytes(graph, 8, 17);
  refuse_model(&model, status, words);
}

Text relu_graph(void) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1,N");
  onnx_put_node(&graph, "Relu", "relu", "x", "y", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, "1,N");
  return graph;
}

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

Text if_graph(const char *outside) {
  Text graph = {0}, attributes = {0}, content = {0}, body = body_bytes(outside);
  put_message(&content, ONNX_G, &body);
  onnx_put_attribute(&attributes, "then_branch", ATTRIBUTE_GRAPH, &content);
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "1");
  onnx_put_value(&graph, ONNX_INPUT, "condition", ELEMENT_BOOL, "");
  onnx_put_node(&graph, "If", "if", "condition", "y", &attributes);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, NULL);
  return graph;
}

void put_text_attribute(Text *attributes, const char *name, int type, int field, const char *content) {
  Text fields = {0};
  put_text(&fields, field, content);
  onnx_put_attribute(attributes, name, type, &fields);
}
