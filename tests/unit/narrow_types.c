/* Floats of 8 and 4 bits, integers of 4 and 2 bits: the numbers, and how files hold them. */
#include "formats/onnx/onnx.h"
#include "tests/support/graph_equal.h"
#include "tests/support/onnx_cases.h"
#include "tests/support/shell.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_narrow_types(void);

/* ---- numbers ---- */

static const struct {
  const SmallFloat *format;
  int codes; /* how many there are */
} formats[] = {{&small_e4m3fn, 256},
               {&small_e4m3fnuz, 256},
               {&small_e5m2, 256},
               {&small_e5m2fnuz, 256},
               {&small_e2m1, 16}};

START_TEST(every_code_comes_back) {
  const SmallFloat *format = formats[_i].format;
  for (int code = 0; code < formats[_i].codes; code++) {
    double value = small_float_decode(format, (uint8_t)code);
    uint8_t saturated = small_float_encode(format, value, true),
            exact = small_float_encode(format, value, false);
    if (isnan(value)) {
      ck_assert(isnan(small_float_decode(format, saturated)) && isnan(small_float_decode(format, exact)));
    } else {
      ck_assert_int_eq(exact, code);
      if (isfinite(value)) ck_assert_int_eq(saturated, code);
    }
  }
}
END_TEST

/* The nearest number that has a code, by trying all. */
static double nearest(const SmallFloat *format, int codes, double value) {
  double best = (double)INFINITY;
  for (int code = 0; code < codes; code++) {
    double candidate = small_float_decode(format, (uint8_t)code);
    if (isfinite(candidate) && fabs(candidate - value) < fabs(best - value)) best = candidate;
  }
  return best;
}

START_TEST(rounding_is_to_the_nearest) {
  const SmallFloat *format = formats[_i].format;
  Random random = {.state = 7};
  for (int i = 0; i < 2000; i++) {
    double value = ldexp(random_unit(&random) - 0.5, (int)(40 * random_unit(&random)) - 20);
    double got = small_float_decode(format, small_float_encode(format, value, true));
    double best = nearest(format, formats[_i].codes, value);
    ck_assert_msg(fabs(got - value) <= fabs(best - value), "%g becomes %g, not %g", value, got, best);
  }
}
END_TEST

START_TEST(the_edges_of_small_floats) {
  ck_assert_double_eq(small_float_decode(&small_e4m3fn, 0x7e), 448);
  ck_assert_double_eq(small_float_decode(&small_e4m3fn, 0x01), 0x1p-9);
  ck_assert_double_eq(small_float_decode(&small_e4m3fnuz, 0x7f), 240);
  ck_assert_double_eq(small_float_decode(&small_e5m2, 0x7b), 57344);
  ck_assert_double_eq(small_float_decode(&small_e5m2fnuz, 0x01), 0x1p-17);
  ck_assert_double_eq(small_float_decode(&small_e2m1, 0x0f), -6);
  ck_assert_int_eq(small_float_encode(&small_e4m3fn, 464, false), 0x7e); /* a tie, to even */
  ck_assert_int_eq(small_float_encode(&small_e4m3fn, 465, false), 0x7f);
  ck_assert_int_eq(small_float_encode(&small_e4m3fn, 1e9, true), 0x7e);
  ck_assert_int_eq(small_float_encode(&small_e5m2, -1e9, false), 0xfc);
  ck_assert_int_eq(small_float_encode(&small_e5m2, -INFINITY, true), 0xfb);
  ck_assert_int_eq(small_float_encode(&small_e4m3fnuz, -0.0, true), 0x00);
  ck_assert_int_eq(small_float_encode(&small_e4m3fnuz, 1e9, false), 0x80);
  ck_assert_int_eq(small_float_encode(&small_e2m1, 2.5, true), 0x4); /* 2, a tie to even */
  ck_assert_int_eq(small_float_encode(&small_e2m1, NAN, true), 0x8);
}
END_TEST

START_TEST(powers_of_two) {
  ck_assert_double_eq(power_decode(127), 1);
  ck_assert(isnan(power_decode(255)));
  for (int code = 0; code < 255; code++)
    for (int rounding = POWER_UP; rounding <= POWER_NEAREST; rounding++)
      ck_assert_int_eq(power_encode(power_decode((uint8_t)code), (PowerRounding)rounding, false), code);
  ck_assert_int_eq(power_encode(1.1, POWER_UP, true), 128);
  ck_assert_int_eq(power_encode(1.9, POWER_DOWN, true), 127);
  ck_assert_int_eq(power_encode(1.4, POWER_NEAREST, true), 127);
  ck_assert_int_eq(power_encode(1.5, POWER_NEAREST, true), 128);
  ck_assert_int_eq(power_encode(1e300, POWER_DOWN, true), 254);
  ck_assert_int_eq(power_encode(1e300, POWER_DOWN, false), 255);
  ck_assert_int_eq(power_encode(0, POWER_UP, true), 0);
}
END_TEST

START_TEST(tensors_hold_narrow_integers) {
  static const struct {
    ElementType type;
    int low, high, wraps; /* what 13 becomes */
  } types[] = {{ELEMENT_INT4, -8, 7, -3},
               {ELEMENT_UINT4, 0, 15, 13},
               {ELEMENT_INT2, -2, 1, 1},
               {ELEMENT_UINT2, 0, 3, 1}};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    uint8_t bytes[2] = {0};
    Tensor tensor = {.type = types[t].type, .shape = SHAPE(2), .data = bytes};
    tensor_set(&tensor, 0, -100);
    tensor_set(&tensor, 1, 100);
    ck_assert_int_eq(tensor_get_integer(&tensor, 0), types[t].low);
    ck_assert_double_eq(tensor_get(&tensor, 1), types[t].high);
    tensor_set_integer(&tensor, 0, 13);
    ck_assert_int_eq(tensor_get_integer(&tensor, 0), types[t].wraps);
  }
}
END_TEST

/* ---- files ---- */

/* Five elements of a type with their packed bytes. */
static const struct {
  ElementType type;
  int count;
  uint8_t bytes[3];
  double elements[5];
} packed[] = {
    {ELEMENT_INT4, 3, {0x8f, 0x07}, {-1, -8, 7}},        {ELEMENT_UINT4, 3, {0x8f, 0x07}, {15, 8, 7}},
    {ELEMENT_FLOAT4E2M1, 3, {0xf1, 0x02}, {0.5, -6, 1}}, {ELEMENT_INT2, 5, {0x1b, 0x02}, {-1, -2, 1, 0, -2}},
    {ELEMENT_UINT2, 5, {0x1b, 0x03}, {3, 2, 1, 0, 3}},   {ELEMENT_FLOAT8E4M3FN, 2, {0x38, 0xff}, {1, NAN}},
    {ELEMENT_FLOAT8E8M0, 2, {127, 0}, {1, 0x1p-127}}};

static size_t bytes_of_case(int i) {
  size_t bits = (size_t)(packed[i].count * element_bits(packed[i].type));
  return (bits + 7) / 8;
}

static Graph *model_of(Text *tensor) {
  Text bytes = {0};
  put_message(&bytes, ONNX_INITIALIZER, tensor);
  onnx_put_node(&bytes, "Identity", "n", "t", "y", NULL);
  onnx_put_value(&bytes, ONNX_OUTPUT, "y", 0, NULL);
  Text model = onnx_model_bytes(&bytes, 10, 21);
  return parse_good(&model);
}

static Text head_of_case(int i) {
  char dims[8];
  snprintf(dims, sizeof dims, "%d", packed[i].count);
  return onnx_tensor_bytes("t", (int)packed[i].type, dims);
}

static void check_elements(const Graph *graph, int i) {
  const Tensor *tensor = graph_find_value(graph, "t")->constant;
  ck_assert_int_eq(tensor->type, packed[i].type);
  for (int e = 0; e < packed[i].count; e++) {
    double got = tensor_get(tensor, e), expected = packed[i].elements[e];
    ck_assert_msg(isnan(expected) ? isnan(got) : got == expected, "%s: element %d is %g",
                  element_name(tensor->type), e, got);
  }
}

START_TEST(files_pack_what_is_less_than_a_byte) {
  Text tensor = head_of_case(_i);
  put_bytes(&tensor, ONNX_RAW_DATA, packed[_i].bytes, bytes_of_case(_i));
  Graph *raw = model_of(&tensor);
  check_elements(raw, _i);
  graph_free(raw);
  tensor = head_of_case(_i);
  for (size_t b = 0; b < bytes_of_case(_i); b++) put_varint(&tensor, ONNX_INT32_DATA, packed[_i].bytes[b]);
  Graph *fields = model_of(&tensor);
  check_elements(fields, _i);
  graph_free(fields);
}
END_TEST

START_TEST(what_is_written_is_packed_again) {
  Error err = {0};
  Text tensor = head_of_case(_i);
  put_bytes(&tensor, ONNX_RAW_DATA, packed[_i].bytes, bytes_of_case(_i));
  Graph *graph = model_of(&tensor), *copy = NULL;
  char *folder = shell_folder("narrow_types");
  Text path = {0};
  text_add(&path, "%s/%d.onnx", folder, _i);
  ck_assert_msg(onnx_write(path.bytes, graph, &err) == OK, "%s", err.text);
  ck_assert_msg(onnx_read(path.bytes, &copy, &err) == OK, "%s", err.text);
  check_graphs_equal(graph, copy, "packed");
  check_elements(copy, _i);
  text_free(&path);
  free(folder);
  graph_free(graph);
  graph_free(copy);
}
END_TEST

static void refuse(Text *tensor, const char *words) {
  Text graph = relu_graph();
  put_message(&graph, ONNX_INITIALIZER, tensor);
  refuse_graph(&graph, BAD_INPUT, words);
}

START_TEST(wrong_sizes_are_refused) {
  Text tensor = onnx_tensor_bytes("t", ELEMENT_INT4, "3");
  put_bytes(&tensor, ONNX_RAW_DATA, "\1\2\3", 3);
  refuse(&tensor,
         "'t' should have 3 elements of 4 bits by its shape, but the file holds 3 bytes instead of 2");
  tensor = onnx_tensor_bytes("t", ELEMENT_UINT2, "1000000000000");
  put_bytes(&tensor, ONNX_RAW_DATA, "\1", 1);
  refuse(&tensor, "'t' should have 1000000000000 elements of 2 bits");
  tensor = onnx_tensor_bytes("t", ELEMENT_UINT4, "3");
  put_varint(&tensor, ONNX_INT32_DATA, 1);
  refuse(&tensor, "'t' should have 3 packed elements by its shape, in 2 numbers, but the file holds 1");
  tensor = onnx_tensor_bytes("t", ELEMENT_UINT4, "1");
  put_varint(&tensor, ONNX_INT32_DATA, 256);
  refuse(&tensor, "'t': number 0 is 256, not a byte of packed elements");
}
END_TEST

Suite *suite_narrow_types(void) {
  Suite *suite = suite_create("narrow_types");
  TCase *numbers = tcase_create("numbers"), *files = tcase_create("files");
  int format_count = (int)(sizeof formats / sizeof *formats),
      case_count = (int)(sizeof packed / sizeof *packed);
  tcase_add_loop_test(numbers, every_code_comes_back, 0, format_count);
  tcase_add_loop_test(numbers, rounding_is_to_the_nearest, 0, format_count);
  tcase_add_test(numbers, the_edges_of_small_floats);
  tcase_add_test(numbers, powers_of_two);
  tcase_add_test(numbers, tensors_hold_narrow_integers);
  suite_add_tcase(suite, numbers);
  tcase_add_loop_test(files, files_pack_what_is_less_than_a_byte, 0, case_count);
  tcase_add_loop_test(files, what_is_written_is_packed_again, 0, case_count);
  tcase_add_test(files, wrong_sizes_are_refused);
  suite_add_tcase(suite, files);
  return suite;
}
