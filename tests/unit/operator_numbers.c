/* Element-by-element operators and reductions at the edges of their types: what the ONNX vectors do not show.
 */
#include "tests/support/node_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_operator_numbers(void);

typedef struct NumberCase {
  const char *op, *inputs, *attributes, *result;
} NumberCase;

static const NumberCase number_cases[] = {
    /* integers wrap around, division by 0 gives 0 */
    {"Add", "i8{127,-128}, i8{1,-1}", "", "i8{-128,127}"},
    {"Add", "u64{18446744073709551615}, u64{2}", "", "u64{1}"},
    {"Sub", "u8{0}, u8{1}", "", "u8{255}"},
    {"Sub", "i64{-9223372036854775808}, i64{1}", "", "i64{9223372036854775807}"},
    {"Mul", "i64{9007199254740993}, i64{3}", "", "i64{27021597764222979}"},
    {"Mul", "i32{65536}, i32{65536}", "", "i32{0}"},
    {"Div", "i32{-2147483648,7,-7,5}, i32{-1,2,2,0}", "", "i32{-2147483648,3,-3,0}"},
    {"Div", "i64{-9223372036854775808}, i64{-1}", "", "i64{-9223372036854775808}"},
    {"Div", "u64{18446744073709551615,1}, u64{2,0}", "", "u64{9223372036854775807,0}"},
    {"Div", "f32{1,-1,0}, f32[]{0}", "", "f32{inf,-inf,nan}"},
    {"Mod", "i64{-9223372036854775808,5,-5}, i64{-1,0,3}", "", "i64{0,0,1}"},
    {"Mod", "i64{-9223372036854775808,5,-5}, i64{-1,0,3}", "fmod=1", "i64{0,0,-2}"},
    {"Pow", "i64{3,-1,2,0,2}, i64{39,-3,-1,0,64}", "", "i64{4052555153018976267,-1,0,1,0}"},
    {"Pow", "i32{9}, f32{0.5}", "", "i32{3}"},
    {"Pow", "f32{-8}, f32{0.5}", "", "f32{nan}"},
    {"Neg", "i64{-9223372036854775808,1}", "", "i64{-9223372036854775808,-1}"},
    {"Abs", "i8{-128,-1}", "", "i8{-128,1}"},
    {"Abs", "u64{18446744073709551615}", "", "u64{18446744073709551615}"},
    {"Relu", "i64{9007199254740993,-9007199254740993}", "", "i64{9007199254740993,0}"},
    {"Sign", "u64{18446744073709551615,0}", "", "u64{1,0}"},
    /* comparisons are exact */
    {"Equal", "i64{9007199254740993}, i64{9007199254740992}", "", "bool{false}"},
    {"Less", "i64{9007199254740992}, i64{9007199254740993}", "", "bool{true}"},
    {"Greater", "u64{18446744073709551615}, u64{1}", "", "bool{true}"},
    {"LessOrEqual", "f32{nan,1,inf}, f32{nan,nan,inf}", "", "bool{false,false,true}"},
    /* NaN goes through where ONNX follows numpy */
    {"Max", "f32{nan,1,2}, f32{1,nan,3}", "", "f32{nan,nan,3}"},
    {"Min", "f32{nan,1,2}, f32{1,nan,3}, f32[]{0}", "", "f32{nan,nan,0}"},
    {"Max", "u64{18446744073709551615}, u64{1}", "", "u64{18446744073709551615}"},
    {"Relu", "f32{nan,-inf,inf}", "", "f32{nan,0,inf}"},
    {"Clip", "f32{nan,5,-5}, f32[]{1}, f32[]{-1}", "", "f32{nan,-1,-1}"},
    {"Clip", "f32{inf,-inf}", "", "f32{inf,-inf}"},
    {"Clip", "i64{9007199254740993}, i64[]{9007199254740992}", "", "i64{9007199254740993}"},
    {"HardSigmoid", "f32{nan,9,-9}", "", "f32{nan,1,0}"},
    {"Sigmoid", "f32{-100,100,nan,-inf,inf}", "", "f32{3.78350585e-44,1,nan,0,1}"},
    {"Softplus", "f32{-100,100,1000}", "", "f32{3.78350585e-44,100,1000}"},
    {"Exp", "f32{-200,89,-inf,inf,nan}", "", "f32{0,inf,0,inf,nan}"},
    {"Round", "f64{0.5,1.5,2.5,-0.5,-2.5}", "", "f64{0,2,2,0,-2}"},
    /* casts truncate, wrap between integers, saturate from floats, round once to halves */
    {"Cast", "f32{-1.9,1.9,300,-300,nan}", "to=3", "i8{-1,1,127,-128,0}"},
    {"Cast", "f64{1e30,-1e30,nan}", "to=7", "i64{9223372036854775807,-9223372036854775808,0}"},
    {"Cast", "f32{nan,0.1,0,-0.0}", "to=9", "bool{true,true,false,false}"},
    {"Cast", "i64{-1,256,65537}", "to=2", "u8{255,0,1}"},
    {"Cast", "u64{18446744073709551615}", "to=7", "i64{-1}"},
    {"Cast", "i64{9007199791611905}", "to=1", "f32{9007200328482816.0}"},
    {"Cast", "f64{1.00048828125000001,65519.99,65520}", "to=10", "f16{1.0,65504,inf}"},
    {"Cast", "f64{1.0004882812500002220446}", "to=10", "f16{1.0009765625}"},
    {"Cast", "bool{true,false}", "to=16", "bf16{1,0}"},
    {"Cast", "i64[2,0]", "to=1", "f32[2,0]"},
    /* narrow integers take the lowest bits, narrow floats saturate or not */
    {"Cast", "f32{-9.9,7.5,300}", "to=22", "i4{7,7,-4}"},
    {"Cast", "i8{-1,17}", "to=21", "u4{15,1}"},
    {"Cast", "u2{3,0}", "to=1", "f32{3,0}"},
    {"Cast", "f32{1e9,-1e9,1.0625}", "to=17", "f8e4m3fn{448,-448,1}"},
    {"Cast", "f32{1e9,nan}", "to=18 saturate=0", "f8e4m3fnuz{nan,nan}"},
    {"Cast", "f32{3,0.3,5}", "to=24", "f8e8m0{4,0.5,8}"},
    {"Cast", "f32{3,0.3,5}", "to=24 round_mode=\"down\"", "f8e8m0{2,0.25,4}"},
    {"Cast", "f4e2m1{6,-0.5}", "to=7", "i64{6,0}"},
    {"Cast", "f8e5m2{0,2}", "to=9", "bool{false,true}"},
    {"QuantizeLinear", "f32{-100,3,100}, f32[]{2}!, i4[]{1}!", "", "i4{-8,3,7}"},
    {"QuantizeLinear", "f32{3,2000}, f32[]{2}!, f8e4m3fn[]{0}!", "", "f8e4m3fn{1.5,448}"},
    {"QuantizeLinear", "f32{3,2000}, f32[]{2}!", "output_dtype=17 saturate=0", "f8e4m3fn{1.5,nan}"},
    {"DequantizeLinear", "u4{15,0}, f32[]{0.5}!, u4[]{8}!", "", "f32{3.5,-4}"},
    {"DequantizeLinear", "f4e2m1[1,4]{6,1,-0.5,0}, f8e8m0[1,2]{2,4}!", "axis=1 block_size=2 output_dtype=1",
     "f32[1,4]{12,2,-2,0}"},
    {"Transpose", "i4[2,2]{1,2,-3,-4}", "", "i4[2,2]{1,-3,2,-4}"},
    {"Concat", "i4{1}, i4{-8}", "axis=0", "i4{1,-8}"},
    {"Pad", "f8e5m2{2}, i64{1,0}!, f8e5m2[]{4}!", "", "f8e5m2{4,2}"},
    {"BitCast", "i8{-1,56}", "to=17", "f8e4m3fn{nan,1}"},
    {"IsNaN", "f32{nan,1,inf}", "", "bool{true,false,false}"},
    {"IsInf", "f32{nan,inf,-inf}", "detect_negative=0", "bool{false,true,false}"},
    {"BitShift", "u8{129,255}, u8{1,64}", "direction=\"LEFT\"", "u8{2,0}"},
    {"BitwiseNot", "i16{0,-1}", "", "i16{-1,0}"},
    /* shapes: scalars, empty tensors, stretching from both sides */
    {"Add", "f32[]{1}, f32[]{2}", "", "f32[]{3}"},
    {"Add", "f32[0,3], f32[3]", "", "f32[0,3]"},
    {"Mul", "f32[2,1]{1,2}, f32[1,3]{1,2,3}", "", "f32[2,3]{1,2,3,2,4,6}"},
    {"Sub", "f32[3,1,1]{1,2,3}, f32[2]{1,2}", "", "f32[3,1,2]{0,-1,1,0,2,1}"},
    {"Where", "bool[2,1]{true,false}, i8[2]{1,2}, i8[]{9}", "", "i8[2,2]{1,2,9,9}"},
    {"Add", "f32[2,2,2]{1,2,3,4,5,6,7,8}, f32{10,20}", "broadcast=1 axis=1 opset=6",
     "f32[2,2,2]{11,12,23,24,15,16,27,28}"},
    {"Add", "f32[2,2]{1,2,3,4}, f32{10,20}", "broadcast=1 axis=0 opset=6", "f32[2,2]{11,12,23,24}"},
    {"Less", "f32[2,2]{1,12,3,24}, f32{10,20}", "broadcast=1 axis=0 opset=1",
     "bool[2,2]{true,false,true,false}"},
    {"And", "bool[2,1]{true,true}, bool{true,false}", "broadcast=1 axis=0 opset=6", "bool[2,1]{true,false}"},
    {"Relu", "f32{-1,2}", "consumed_inputs=[0] opset=5", "f32{0,2}"},
    {"Cast", "f32{-1.5,2}", "to=\"INT8\" opset=5", "i8{-1,2}"},
    {"Tile", "f32[2,1]{1,2}, f32[]{2}, f32[]{1}", "opset=5", "f32[2,2]{1,1,2,2}"},
    {"Tile", "f32[2,1]{1,2}, i64{1,2}", "opset=6", "f32[2,2]{1,1,2,2}"},
    {"PRelu", "f32[1,2,2]{-1,1,-1,-2}, f32{2,3}", "opset=6", "f32[1,2,2]{-2,1,-3,-6}"},
    /* reductions: nothing to reduce, infinities, wide sums, truth values */
    {"ReduceSum", "f32[2,0], i64{1}!", "", "f32[2,1]{0,0}"},
    {"ReduceProd", "f32[2,0], i64{1}!", "keepdims=0", "f32{1,1}"},
    {"ReduceMax", "f32[1,0], i64{1}!", "", "f32[1,1]{-inf}"},
    {"ReduceMax", "i32[1,0], i64{1}!", "", "i32[1,1]{-2147483648}"},
    {"ReduceMin", "i64[1,0], i64{1}!", "", "i64[1,1]{9223372036854775807}"},
    {"ReduceMax", "bool[1,0], i64{1}!", "", "bool[1,1]{false}"},
    {"ReduceMin", "bool[2]{true,false}", "keepdims=0", "bool[]{false}"},
    {"ReduceLogSumExp", "f32{1000,1000}", "", "f32[1]{1000.693147}"},
    {"ReduceLogSumExp", "f32{-inf,-inf}", "", "f32[1]{-inf}"},
    {"ReduceSum", "i64{9007199254740993,2}", "", "i64[1]{9007199254740995}"},
    {"ReduceMax", "u64{18446744073709551615,3}", "", "u64[1]{18446744073709551615}"},
    {"ReduceL1", "i64{-9007199254740993,1}", "", "i64[1]{9007199254740994}"},
    {"ReduceMean", "i32{1,2}", "", "i32[1]{1}"},
    {"ReduceMax", "f32{1,nan,inf}", "", "f32[1]{nan}"},
    {"ReduceSum", "f32[2,2]{1,2,3,4}, i64[0]!", "", "f32[1,1]{10}"},
    {"ReduceSumSquare", "f32{2,3}, i64[0]!", "noop_with_empty_axes=1", "f32{4,9}"},
    {"ReduceSum", "f32[2,2,2]{1,2,3,4,5,6,7,8}, i64{0,-1}!", "keepdims=0", "f32{14,22}"},
    {"ArgMax", "f32{1,3,3,2}", "", "i64[1]{1}"},
    {"ArgMax", "f32{1,3,3,2}", "select_last_index=1", "i64[1]{2}"},
    {"ArgMax", "f32{1,nan,inf}", "keepdims=0", "i64[]{1}"},
    {"ArgMin", "i64{9007199254740993,9007199254740992}", "", "i64[1]{1}"},
    {"ArgMin", "f32{1,nan,-inf}", "", "i64[1]{1}"},
};

static void check_number(const Tensor *got, const Tensor *expected, int64_t i, const char *op,
                         const char *inputs) {
  if (!element_in(expected->type, ELEMENTS_FLOAT | ELEMENTS_NARROW_FLOAT)) {
    if (expected->type == ELEMENT_UINT64)
      ck_assert_uint_eq(((const uint64_t *)got->data)[i], ((const uint64_t *)expected->data)[i]);
    ck_assert_msg(tensor_get_integer(got, i) == tensor_get_integer(expected, i), "%s %s: element %d is %lld",
                  op, inputs, (int)i, (long long)tensor_get_integer(got, i));
    return;
  }
  double a = tensor_get(got, i), b = tensor_get(expected, i);
  double tolerance = strcmp(op, "Cast") == 0 ? 0 : 1e-6; /* casts round correctly */
  bool same = isnan(b) ? isnan(a) : isinf(b) ? a == b : fabs(a - b) <= tolerance * fabs(b);
  ck_assert_msg(same, "%s %s: element %d is %.9g instead of %.9g", op, inputs, (int)i, a, b);
}

static void check_case(const NumberCase *number, NodeKernel kernel) {
  NodeCase c;
  SampleCase holder;
  Error err = {0};
  const Tensor *expected = node_case_tensor(number->result, &holder);
  Status status =
      node_case_run(&c, op_find("", number->op), number->inputs, number->attributes, kernel, &err);
  ck_assert_msg(status == OK, "%s %s: %s", number->op, number->inputs, err.text);
  ck_assert_msg(c.out[0]->type == expected->type && shape_equals(&c.out[0]->shape, &expected->shape),
                "%s %s: type or shape", number->op, number->inputs);
  for (int64_t i = 0; i < tensor_elements(expected); i++)
    check_number(c.out[0], expected, i, number->op, number->inputs);
  node_case_free(&c);
  graph_free(holder.graph);
}

START_TEST(numbers_are_right) {
  check_case(&number_cases[_i], NODE_PLAIN);
  check_case(&number_cases[_i], NODE_FAST);
}
END_TEST

/* ---- what must be refused ---- */

typedef struct RefusedCase {
  const char *op, *inputs, *attributes;
  Status status;
  const char *says;
} RefusedCase;

static const RefusedCase refused_cases[] = {
    {"Add", "f32[2], f32[3]", "", BAD_INPUT, "broadcast"},
    {"Add", "f32[2], f64[2]", "", BAD_INPUT, "one type"},
    {"Add", "f32[2]", "", BAD_INPUT, "missing"},
    {"Where", "bool[2], f32[2], i8[2]", "", BAD_INPUT, "one type"},
    {"Where", "bool[2], f32[3], f32[3]", "", BAD_INPUT, "broadcast"},
    {"Clip", "f32[2], f32[2]", "", BAD_INPUT, "one element"},
    {"Clip", "f32[2], i8[]", "", BAD_INPUT, "type"},
    {"Mod", "f32[2], f32[2]", "", BAD_INPUT, "fmod"},
    {"PRelu", "f32[2], f32[3,2]", "", BAD_INPUT, "slope"},
    {"Cast", "f32[2]", "", BAD_INPUT, "required"},
    {"Cast", "f32[2]", "to=\"REAL\" opset=5", UNSUPPORTED, "cannot cast"},
    {"Relu", "f32[2]", "consumed_inputs=[0] opset=6", BAD_INPUT, "unknown to this operator"},
    {"Tile", "f32[2], f32[]{2}, f32[]{3}", "opset=5", BAD_INPUT, "cannot repeat axis 3"},
    {"Tile", "f32[2], i64{2}, i64{0}", "opset=6", BAD_INPUT, "last input"},
    {"Cast", "f32[2]", "to=99", UNSUPPORTED, "cast"},
    {"ReduceSum", "f32[2,3], i64{2}!", "", BAD_INPUT, "axis"},
    {"ReduceSum", "f32[2,3], i64{2}", "", BAD_INPUT, "axis"},
    {"ArgMax", "f32[2,3]", "axis=-3", BAD_INPUT, "axis"},
    {"ArgMax", "f32[2,0]", "axis=1", BAD_INPUT, "no elements"},
    {"Dropout", "f32[2], f32[]{1}, bool[]{true}", "", BAD_INPUT, "ratio"},
    {"Gelu", "f32[2]", "approximate=\"erf\"", BAD_INPUT, "approximate"},
};

START_TEST(misfits_are_refused) {
  const RefusedCase *refused = &refused_cases[_i];
  NodeCase c;
  Error err = {0};
  Status status =
      node_case_run(&c, op_find("", refused->op), refused->inputs, refused->attributes, NODE_PLAIN, &err);
  ck_assert_msg(status == refused->status, "%s %s: status %d, %s", refused->op, refused->inputs, (int)status,
                err.text);
  ck_assert_msg(strstr(err.text, refused->says) != NULL, "%s %s: says '%s'", refused->op, refused->inputs,
                err.text);
}
END_TEST

/* ---- symbols ---- */

static InferValue followed(const Dim *elements, int count) {
  InferValue value = {.present = true, .type = ELEMENT_INT64, .has_shape = true, .shape = SHAPE(count)};
  value.has_elements = true;
  for (int i = 0; i < count; i++) value.elements[i] = elements[i];
  return value;
}

/* {N, 6} op {second, 2}. */
static void check_symbols(const char *op, int64_t second, Dim first_result, Dim second_result) {
  NodeCase c;
  Error err = {0};
  ck_assert_int_eq(node_case_run(&c, op_find("", op), "i64{1,6}, i64{1,2}", "", NODE_PLAIN, &err), OK);
  InferValue in[2] = {followed((Dim[]){DIM_SYMBOL(0), 6}, 2), followed((Dim[]){second, 2}, 2)}, out;
  ck_assert_int_eq(node_case_infer(&c, in, &out, &err), OK);
  ck_assert(out.has_elements);
  ck_assert_int_eq(out.elements[0], first_result);
  ck_assert_int_eq(out.elements[1], second_result);
  node_case_free(&c);
}

START_TEST(symbols_are_followed) {
  check_symbols("Add", 0, DIM_SYMBOL(0), 8);
  check_symbols("Add", 3, DIM_UNKNOWN, 8);
  check_symbols("Sub", DIM_SYMBOL(0), 0, 4);
  check_symbols("Sub", DIM_SYMBOL(1), DIM_UNKNOWN, 4);
  check_symbols("Mul", 1, DIM_SYMBOL(0), 12);
  check_symbols("Mul", 0, 0, 12);
  check_symbols("Mul", DIM_UNKNOWN, DIM_UNKNOWN, 12);
  check_symbols("Div", 1, DIM_SYMBOL(0), 3);
  check_symbols("Div", DIM_SYMBOL(0), 1, 3);
}
END_TEST

/* Where(Equal(shape, -1), 1, shape), which exporters write before Expand, gives back {N, 1}. */
START_TEST(picked_shapes_are_followed) {
  NodeCase equal, where;
  Error err = {0};
  InferValue in[3] = {followed((Dim[]){DIM_SYMBOL(0), 6}, 2)}, condition, out;
  ck_assert_int_eq(node_case_run(&equal, op_find("", "Equal"), "i64{1,6}, i64{-1,6}!", "", NODE_PLAIN, &err),
                   OK);
  infer_value_of(equal.sample.inputs[1], &in[1]);
  ck_assert_int_eq(node_case_infer(&equal, in, &condition, &err), OK);
  ck_assert_int_eq(condition.type, ELEMENT_BOOL);
  ck_assert_int_eq(
      node_case_run(&where, op_find("", "Where"), "bool[2], i64{1,1}, i64{1,6}", "", NODE_PLAIN, &err), OK);
  in[2] = in[0];
  in[0] = condition;
  in[1] = followed((Dim[]){1, 1}, 2);
  ck_assert_int_eq(node_case_infer(&where, in, &out, &err), OK);
  ck_assert(out.has_elements);
  ck_assert_int_eq(out.elements[0], DIM_SYMBOL(0));
  ck_assert_int_eq(out.elements[1], 1);
  node_case_free(&equal);
  node_case_free(&where);
}
END_TEST

/* A constant of one element makes a table of a two-operand node. */
static void check_role(const char *op, const char *inputs, const char *attributes, OpRole role) {
  NodeCase c;
  Error err = {0};
  const char *reason = NULL;
  ck_assert_int_eq(node_case_run(&c, op_find("", op), inputs, attributes, NODE_PLAIN, &err), OK);
  ck_assert_msg(op_role(c.sample.node, &reason) == role, "%s %s: role %s", op, inputs,
                op_role_name(op_role(c.sample.node, NULL)));
  ck_assert_msg(role != ROLE_FLOAT || reason != NULL, "%s %s: no reason", op, inputs);
  node_case_free(&c);
}

START_TEST(roles_follow_the_operands) {
  check_role("Add", "f32[2,3], f32[2,3]", "", ROLE_SUM);
  check_role("Add", "f32[2,3], f32[1]!", "", ROLE_TABLE);
  check_role("Mul", "f32[]!, f32[2,3]", "", ROLE_TABLE);
  check_role("Mul", "f32[2,3], f32[3]!", "", ROLE_PRODUCT);
  check_role("Mul", "i64[2,3], i64[3]!", "", ROLE_INDEX);
  check_role("Div", "f32[2,3], f32[]{2.0}!", "", ROLE_TABLE);
  check_role("Div", "f32[2,3], f32[3]!", "", ROLE_FLOAT);
  check_role("Pow", "f32[2,3], f32[]{2.0}!", "", ROLE_TABLE);
  check_role("Pow", "f32[2,3](0,1), f32[2,3]", "", ROLE_FLOAT);
  check_role("Max", "f32[2,3], f32[2,3]", "", ROLE_PICK);
  check_role("Max", "f32[2,3], f32[2,3], f32[2,3]", "", ROLE_FLOAT);
  check_role("Min", "f32[2,3], f32[]!", "", ROLE_TABLE);
  check_role("Sum", "f32[2,3]", "", ROLE_VIEW);
  check_role("Clip", "f32[2,3], f32[]!, f32[]!", "", ROLE_TABLE);
  check_role("Clip", "f32[2,3], f32[]", "", ROLE_FLOAT);
  check_role("PRelu", "f32[2,3], f32[1]!", "", ROLE_TABLE);
  check_role("PRelu", "f32[2,3], f32[3]!", "", ROLE_FLOAT);
  check_role("Dropout", "f32[2,3]", "", ROLE_VIEW);
  check_role("Dropout", "f32[2,3], -, bool[]{true}!", "", ROLE_FLOAT);
  check_role("Cast", "f32[2,3]", "to=10", ROLE_VIEW);
  check_role("Cast", "f32[2,3]", "to=7", ROLE_INDEX);
  check_role("Cast", "i64[2,3]", "to=1", ROLE_FLOAT);
  check_role("ReduceMean", "f32[2,3]", "", ROLE_AVERAGE);
  check_role("ArgMax", "f32[2,3]", "", ROLE_INDEX);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite_operator_numbers(void) {
  Suite *suite = suite_create("operator_numbers");
  TCase *numbers = tcase_create("numbers");
  tcase_add_loop_test(numbers, numbers_are_right, 0, COUNT(number_cases));
  tcase_add_loop_test(numbers, misfits_are_refused, 0, COUNT(refused_cases));
  tcase_add_test(numbers, symbols_are_followed);
  tcase_add_test(numbers, picked_shapes_are_followed);
  tcase_add_test(numbers, roles_follow_the_operands);
  suite_add_tcase(suite, numbers);
  return suite;
}
