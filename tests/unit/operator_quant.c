/* The quantized operators on numbers that are known, and what they refuse. */
#include "tests/support/node_case.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_operator_quant(void);

static const struct {
  const char *op, *inputs, *attributes;
  int count, expected[8];
} known[] = {
    /* halves go to the even neighbour, what is beyond the type to its limit, NaN to the zero point */
    {"QuantizeLinear",
     "f32{0.5,1.5,-0.5,-2.5,1e9,-inf,nan}, f32[]{1}!, i8[]{5}!",
     "",
     7,
     {5, 7, 5, 3, 127, -128, 5}},
    {"QuantizeLinear", "f32{0.5,1.5,-0.5,-2.5,1e9,-inf,nan}, f32[]{1}!", "", 7, {0, 2, 0, 0, 255, 0, 0}},
    {"QuantizeLinear", "f32[2,2]{1,2,3,4}, f32{1,2}!, u8{0,10}!", "axis=0", 4, {1, 2, 12, 12}},
    {"QuantizeLinear",
     "f32[1,3]{1,2,3}, f32[1,2]{1,0.5}!",
     "axis=1 block_size=2 output_dtype=5",
     3,
     {1, 2, 6}},
    {"DequantizeLinear", "u8{0,128,255}, f32[]{2}!, u8[]{128}!", "", 3, {-256, 0, 254}},
    {"DequantizeLinear", "i32{-3,100000}, f32[]{2}!", "", 2, {-6, 200000}},
    {"MatMulInteger", "u8[1,2]{3,4}, i8[2,2]{1,2,3,4}!, u8[]{1}!, i8{0,2}!", "", 2, {11, 6}},
    {"ConvInteger", "u8[1,1,2,2]{1,2,3,4}, u8[1,1,2,2]{1}!, u8[]{1}!", "pads=[0,0,1,0]", 2, {6, 5}},
    {"QLinearMatMul",
     "u8[1,2]{3,5}, f32[]{0.5}!, u8[]{1}!, i8[2,1]{4,-1}!, f32[]{1}!, i8[]{0}!, f32[]{0.25}!, u8[]{10}!",
     "",
     1,
     {18}},
    {"QLinearConv",
     "u8[1,1,1,2]{3,5}, f32[]{0.5}!, u8[]{1}!, i8[1,1,1,1]{4}!, f32{1}!, i8{0}!, f32[]{0.5}!, u8[]{9}!, "
     "i32{2}!",
     "",
     2,
     {19, 27}},
    {"DynamicQuantizeLinear", "f32{0,2,-3,-2.5,1.34,0.5}", "", 6, {153, 255, 0, 26, 221, 179}},
    {"DynamicQuantizeLinear", "f32{0,0}", "", 2, {0, 0}},
    {"com.microsoft.QLinearAdd",
     "u8{10,20}, f32[]{0.5}!, u8[]{10}!, u8{4}, f32[]{1}!, u8[]{0}!, f32[]{0.25}!, u8[]{1}!",
     "",
     2,
     {17, 37}},
    {"com.microsoft.QLinearMul",
     "i8{10,-3}, f32[]{0.5}!, -, i8{4}, f32[]{1}!, i8[]{1}!, f32[]{0.5}!, i8[]{-1}!",
     "",
     2,
     {29, -10}},
    {"com.microsoft.QLinearSigmoid",
     "u8{128,255,0}, f32[]{1}!, u8[]{128}!, f32[]{0.00390625}!",
     "",
     3,
     {128, 255, 0}},
    {"com.microsoft.QLinearLeakyRelu",
     "u8{12,0}, f32[]{1}!, u8[]{8}!, f32[]{0.5}!, u8[]{9}!",
     "alpha=0.5",
     2,
     {17, 1}},
    {"com.microsoft.QLinearGlobalAveragePool",
     "u8[1,2,1,2]{1,4,7,9}, f32[]{1}!, u8[]{1}!, f32[]{0.5}!, u8[]{2}!",
     "",
     2,
     {5, 16}},
    {"com.microsoft.QLinearAveragePool",
     "u8[1,1,3]{1,4,8}, f32[]{1}!, u8[]{0}!, f32[]{0.5}!, u8[]{2}!",
     "kernel_shape=[2]",
     2,
     {7, 14}},
    {"com.microsoft.QLinearSoftmax",
     "u8[1,2]{3,3}, f32[]{1}!, u8[]{0}!, f32[]{0.00390625}!, u8[]{1}!",
     "",
     2,
     {129, 129}},
    {"com.microsoft.QLinearConcat",
     "f32[]{0.5}!, u8[]{1}!, u8{2}, f32[]{1}!, u8[]{0}!, u8{9,4}, f32[]{0.5}!, u8[]{4}!",
     "axis=0",
     3,
     {5, 6, 1}},
    {"com.microsoft.QGemm",
     "u8[1,2]{3,5}, f32[]{0.5}!, u8[]{1}!, i8[2,1]{4,-1}!, f32[]{1}!, i8[]{0}!, i32{4}!, f32[]{0.25}!, "
     "u8[]{10}!",
     "",
     1,
     {26}},
    {"com.microsoft.QGemm",
     "u8[1,2]{3,5}, f32[]{0.5}!, u8[]{1}!, i8[1,2]{4,-1}!, f32{2}!, i8{0}!",
     "transB=1 alpha=2.0",
     1,
     {8}},
};

/* "domain.Name" or "Name". */
static const Op *op_of(const char *name) {
  const char *last = strrchr(name, '.');
  if (last == NULL) return op_find("", name);
  char domain[64];
  snprintf(domain, sizeof domain, "%.*s", (int)(last - name), name);
  return op_find(domain, last + 1);
}

START_TEST(numbers_are_known) {
  NodeCase c;
  Error err = {0};
  Status status =
      node_case_run(&c, op_of(known[_i].op), known[_i].inputs, known[_i].attributes, NODE_FAST, &err);
  ck_assert_msg(status == OK, "%s: %s", known[_i].op, err.text);
  ck_assert_int_eq(tensor_elements(c.out[0]), known[_i].count);
  for (int i = 0; i < known[_i].count; i++)
    ck_assert_msg(tensor_get_integer(c.out[0], i) == known[_i].expected[i], "%s %s: element %d is %d, not %d",
                  known[_i].op, known[_i].inputs, i, (int)tensor_get_integer(c.out[0], i),
                  known[_i].expected[i]);
  node_case_free(&c);
}
END_TEST

static const struct {
  const char *op, *inputs, *attributes, *words;
} refused[] = {
    {"QuantizeLinear", "f32[2,3], f32[2]!, u8[2]!", "axis=1", "does not fit"},
    {"QuantizeLinear", "f32[2,3], f32[3]!, u8[2]!", "axis=1", "differ in shape"},
    {"QuantizeLinear", "f32[2,3], f32[3]!", "axis=5", "axis 5 is outside"},
    {"QuantizeLinear", "f32[2,3], f32[2,3]!", "axis=1 block_size=2", "does not fit"},
    {"QuantizeLinear", "f32[2], f32[]!, u8[]!", "output_dtype=3", "the zero point is uint8"},
    {"QuantizeLinear", "f32[2], f32[]!", "output_dtype=1", "cannot quantize to float32"},
    {"QuantizeLinear", "f32[2], f32[]!", "output_dtype=99", "element type 99"},
    {"DequantizeLinear", "u8[2], f32[]!, i8[]!", "", "differ in type"},
    {"DequantizeLinear", "u8[2], f32[]!", "output_dtype=7", "cannot dequantize to int64"},
    {"MatMulInteger", "u8[2,3], u8[3,4]!, u8[3]!", "", "does not fit"},
    {"MatMulInteger", "u8[2,3], u8[2,4]!", "", "cannot be multiplied"},
    {"ConvInteger", "u8[1,2,3,3], u8[1,3,1,1]!", "", "channels"},
    {"QLinearConv", "u8[1,1,1,2], f32[]!, u8[]!, i8[2,1,1,1]!, f32[3]!, i8[]!, f32[]!, u8[]!", "",
     "does not fit"},
    {"QLinearMatMul", "u8[1,2], f32[]!, u8[]!, i8[2,1]!, f32[]!, i8[]!, f32[2]!, u8[]!", "", "one scale"},
    {"QLinearConv", "u8[1,1,1,2], f32[]!, i8[]!, i8[2,1,1,1]!, f32[2]!, i8[]!, f32[]!, u8[]!", "",
     "input 0 is uint8, its zero point (input 2) int8"},
    {"QLinearMatMul", "u8[1,2], f32[]!, u8[]!, i8[2,1]!, f32[]!, u8[]!, f32[]!, u8[]!", "", "its zero point"},
    {"ConvInteger", "u8[1,2,3,3], u8[1,2,1,1]!, i8[]!", "", "its zero point"},
    {"com.microsoft.QLinearAdd", "u8[2], f32[2]!, u8[]!, u8[2], f32[]!, u8[]!, f32[]!", "", "not one number"},
    {"com.microsoft.QLinearAdd", "u8[2], f32[]!, u8[]!, u8[2], f32[]!, i8[]!, f32[]!", "", "its zero point"},
    {"com.microsoft.QLinearAdd", "u8[2], f32[]!, u8[]!, u8[3], f32[]!, u8[]!, f32[]!", "", "broadcast"},
    {"com.microsoft.QGemm", "u8[1,2], f32[]!, u8[]!, i8[2,4]!, f32[3]!, i8[]!", "", "does not fit"},
    {"com.microsoft.QLinearConcat", "f32[]!, u8[]!, u8[2], f32[]!", "axis=0", "4 inputs"},
    {"com.microsoft.QLinearConcat", "f32[]!, u8[]!, u8[2], f32[]!, u8[]!, u8[1,2], f32[]!, u8[]!", "axis=0",
     "dimensions"},
    {"com.microsoft.QLinearGlobalAveragePool", "u8[1,2,2], f32[]!, u8[]!, f32[]!", "channels_last=1",
     "not last"},
};

START_TEST(what_does_not_fit_is_refused) {
  NodeCase c;
  Error err = {0};
  Status status =
      node_case_run(&c, op_of(refused[_i].op), refused[_i].inputs, refused[_i].attributes, NODE_PLAIN, &err);
  ck_assert_msg(status == BAD_INPUT || status == UNSUPPORTED, "%s %s: %d", refused[_i].op, refused[_i].inputs,
                (int)status);
  ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "%s", err.text);
}
END_TEST

Suite *suite_operator_quant(void) {
  Suite *suite = suite_create("operator_quant");
  TCase *tests = tcase_create("quant");
  tcase_add_loop_test(tests, numbers_are_known, 0, (int)(sizeof known / sizeof *known));
  tcase_add_loop_test(tests, what_does_not_fit_is_refused, 0, (int)(sizeof refused / sizeof *refused));
  suite_add_tcase(suite, tests);
  return suite;
}
