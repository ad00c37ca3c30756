/* The ONNX importer and initializers that are too large to be copied about. */
#include "formats/onnx/onnx.h"
#include "tests/support/onnx_cases.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT 10000 /* floats: more than what is left in the message */

Suite *suite_onnx_large(void);

/* An initializer with raw_data in the middle of its fields, which may be there twice. */
static void put_raw(Text *graph, const char *name, float first, int times) {
  float *floats = malloc(COUNT * sizeof *floats);
  for (int i = 0; i < COUNT; i++) floats[i] = first + (float)i;
  Text tensor = onnx_tensor_bytes(name, 1, "10000");
  for (int i = 0; i < times; i++) put_bytes(&tensor, ONNX_RAW_DATA, floats, COUNT * sizeof *floats);
  put_text(&tensor, 12, "a doc string behind");
  put_message(graph, ONNX_INITIALIZER, &tensor);
  free(floats);
}

static Text sum_model(int times) {
  Text graph = {0};
  onnx_put_value(&graph, ONNX_INPUT, "x", 1, "10000");
  put_raw(&graph, "large", 1.0f, times);
  onnx_put_floats(&graph, "small", "2", (float[]){3.0f, 4.0f}, 2);
  put_raw(&graph, "large too", -5.0f, 1);
  onnx_put_node(&graph, "Add", "first", "x,large", "a", NULL);
  onnx_put_node(&graph, "Add", "second", "a,large too", "y", NULL);
  onnx_put_node(&graph, "Neg", "third", "small", "z", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, "10000");
  onnx_put_value(&graph, ONNX_OUTPUT, "z", 1, "2");
  return onnx_model_bytes(&graph, 8, 17);
}

static const Tensor *constant(const Graph *graph, const char *name) {
  return graph_find_value(graph, name)->constant;
}

static void check_graph(const Graph *graph) {
  const float *large = constant(graph, "large")->data, *other = constant(graph, "large too")->data;
  int wrong = 0;
  for (int i = 0; i < COUNT; i++) wrong += large[i] != 1.0f + (float)i || other[i] != -5.0f + (float)i;
  ck_assert_int_eq(wrong, 0);
  ck_assert_float_eq(((const float *)constant(graph, "small")->data)[1], 4.0f);
}

/* Once, and twice, where the later one counts. */
START_TEST(reads_large_initializers) {
  Text model = sum_model(_i);
  Graph *graph = parse_good(&model);
  check_graph(graph);
  graph_free(graph);
}
END_TEST

static void write_model(char path[32], const Text *model) {
  Error err = {0};
  strcpy(path, "/tmp/edgec-large-XXXXXX");
  close(mkstemp(path));
  ck_assert_int_eq(file_write(path, model->bytes, model->length, &err), OK);
}

START_TEST(twins_share_large_ones) {
  Error err = {0};
  char path[32];
  Graph *first, *second;
  MappedFile file;
  Text model = sum_model(1);
  write_model(path, &model);
  ck_assert_int_eq(file_map(path, &file, &err), OK);
  ck_assert_msg(onnx_read_mapped(path, &file, NULL, &first, &err) == OK, "%s", err.text);
  ck_assert_msg(onnx_read_mapped(path, &file, first, &second, &err) == OK, "%s", err.text);
  file_unmap(&file);
  check_graph(second);
  ck_assert_ptr_eq(constant(first, "large")->data, constant(second, "large")->data);
  ck_assert_ptr_ne(constant(first, "small")->data, constant(second, "small")->data);
  graph_free(second);
  check_graph(first);
  graph_free(first);
  unlink(path);
  text_free(&model);
}
END_TEST

/* What is wrong with large data is said as for small data. */
START_TEST(refuses_wrong_sizes) {
  Text graph = {0}, tensor = onnx_tensor_bytes("large", 1, "9999");
  char *bytes = calloc(COUNT, sizeof(float));
  put_bytes(&tensor, ONNX_RAW_DATA, bytes, COUNT * sizeof(float));
  put_message(&graph, ONNX_INITIALIZER, &tensor);
  onnx_put_node(&graph, "Relu", "relu", "large", "y", NULL);
  onnx_put_value(&graph, ONNX_OUTPUT, "y", 1, "9999");
  refuse_graph(&graph, BAD_INPUT, "initializer 'large' should have 9999 elements");
  free(bytes);
}
END_TEST

Suite *suite_onnx_large(void) {
  Suite *suite = suite_create("onnx_large");
  TCase *tests = tcase_create("onnx_large");
  tcase_add_loop_test(tests, reads_large_initializers, 1, 3);
  tcase_add_test(tests, twins_share_large_ones);
  tcase_add_test(tests, refuses_wrong_sizes);
  suite_add_tcase(suite, tests);
  return suite;
}
