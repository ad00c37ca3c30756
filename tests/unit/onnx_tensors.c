/* Tensors in ONNX files: every element type, in raw bytes and typed fields, and those that are refused. */
#include "formats/onnx/onnx.h"
#include "tests/support/onnx_cases.h"

#include <check.h>
#include <math.h>

Suite *suite_onnx_tensors(void);

/* A model with one more initializer. */
static void refuse_tensor(Text *tensor, Status status, const char *words) {
  Text graph = relu_graph();
  put_message(&graph, ONNX_INITIALIZER, tensor);
  refuse_graph(&graph, status, words);
}

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
  Text tensor = onnx_tensor_bytes("t", 14, "1");
  refuse_tensor(&tensor, UNSUPPORTED,
                "initializer 't' has elements of complex64, which edgec does not support");
  tensor = onnx_tensor_bytes("t", 99, "1");
  refuse_tensor(&tensor, UNSUPPORTED, "elements of type 99");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "1");
  put_varint(&tensor, 14, 1);
  refuse_tensor(&tensor, UNSUPPORTED, "initializer 't' keeps its data in another file");
  tensor = onnx_tensor_bytes("t", ELEMENT_FLOAT32, "1,1,1,1,1,1,1,1,1,1,1,1,1");
  refuse_tensor(&tensor, UNSUPPORTED, "initializer 't' has 13 dimensions; edgec supports 12");
}
END_TEST

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

static void add_reading(TCase *tests) {
  tcase_add_test(tests, reads_raw_elements_of_every_type);
  tcase_add_test(tests, reads_narrow_elements_from_int32_data);
  tcase_add_test(tests, reads_strings_and_empty_tensors);
}

static void add_refusing(TCase *tests) {
  tcase_add_test(tests, refuses_bad_tensors);
  tcase_add_test(tests, refuses_unsupported_tensors);
  tcase_add_test(tests, refuses_weights_that_are_no_numbers);
}

Suite *suite_onnx_tensors(void) {
  Suite *suite = suite_create("onnx_tensors");
  TCase *reading = tcase_create("reading");
  add_reading(reading);
  suite_add_tcase(suite, reading);
  TCase *refusing = tcase_create("refusing");
  add_refusing(refusing);
  suite_add_tcase(suite, refusing);
  return suite;
}
