/* The notation of operators/samples.h: what it gives, and what it refuses. */
#include "operators/samples.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_operator_samples(void);

static const Op *any_op(void) {
  return op_find("", "Identity");
}

static SampleCase build(const char *inputs, const char *attributes) {
  SampleCase c;
  Error err = {0};
  ck_assert_msg(sample_build(any_op(), &(OpSample){inputs, attributes}, 0, &c, &err) == OK, "%s", err.text);
  return c;
}

START_TEST(inputs_are_read) {
  SampleCase c =
      build("f32[2,3], -, i64{1,-9223372036854775808}!, u64[]{18446744073709551615}, bool[2]{true}", "");
  ck_assert_int_eq(c.input_count, 5);
  ck_assert(shape_equals(&c.inputs[0]->shape, &SHAPE(2, 3)));
  ck_assert_ptr_null(c.inputs[1]);
  ck_assert_ptr_null(c.node->inputs[1]);
  ck_assert_int_eq(((const int64_t *)c.inputs[2]->data)[1], INT64_MIN);
  ck_assert_ptr_eq(c.node->inputs[2]->constant, c.inputs[2]);
  ck_assert_int_eq(c.inputs[3]->shape.rank, 0);
  ck_assert_uint_eq(*(const uint64_t *)c.inputs[3]->data, UINT64_MAX);
  ck_assert_int_eq(((const uint8_t *)c.inputs[4]->data)[1], 1);
  ck_assert_int_eq(c.graph->input_count, 3);
  ck_assert_int_eq(c.node->output_count, 1);
  ck_assert_int_eq(graph_opset(c.graph, ""), SAMPLE_NEWEST_OPSET);
  graph_free(c.graph);
}
END_TEST

START_TEST(random_values_keep_their_range) {
  SampleCase c = build("f32[500](0.1,4), i8[500], u8[500](250,256), f16[500]", NULL);
  for (int i = 0; i < 500; i++) {
    double x = tensor_get(c.inputs[0], i);
    ck_assert(x >= 0.0999 && x <= 4);
    ck_assert(fabs(tensor_get(c.inputs[1], i)) <= 8);
    ck_assert(tensor_get(c.inputs[2], i) >= 250);
    ck_assert(fabs(tensor_get(c.inputs[3], i)) <= 2);
  }
  ck_assert(tensor_get(c.inputs[0], 0) != tensor_get(c.inputs[0], 1));
  graph_free(c.graph);
}
END_TEST

START_TEST(attributes_are_read) {
  SampleCase c =
      build("f32[2]", "axis=-1 alpha=0.5 pads=[1,-2] scales=[1,2.5] mode=\"a b\" names=[\"x\",\"y\"] none=[] "
                      "value=i32[1]{7} outputs=2 opset=11");
  ck_assert_int_eq(node_int(c.node, "axis", 0), -1);
  ck_assert_double_eq(node_float(c.node, "alpha", 0), 0.5);
  ck_assert_int_eq(node_attribute(c.node, "pads")->kind, ATTRIBUTE_INTS);
  ck_assert_int_eq(node_attribute(c.node, "pads")->ints[1], -2);
  ck_assert_int_eq(node_attribute(c.node, "scales")->kind, ATTRIBUTE_FLOATS);
  ck_assert_float_eq(node_attribute(c.node, "scales")->floats[0], 1.0f);
  ck_assert_str_eq(node_attribute(c.node, "mode")->s, "a b");
  ck_assert_str_eq(node_attribute(c.node, "names")->strings[1], "y");
  ck_assert_int_eq(node_attribute(c.node, "none")->kind, ATTRIBUTE_INTS);
  ck_assert_uint_eq(node_attribute(c.node, "none")->count, 0);
  ck_assert_int_eq(tensor_get_integer(node_attribute(c.node, "value")->tensor, 0), 7);
  ck_assert_ptr_null(node_attribute(c.node, "outputs"));
  ck_assert_int_eq(c.node->output_count, 2);
  ck_assert_int_eq(graph_opset(c.graph, ""), 11);
  graph_free(c.graph);
}
END_TEST

static const OpSample broken[] = {
    {"g32[2]", ""},        {"f32[2", ""},
    {"f32[-1]", ""},       {"f32[2]{1,2,3}", ""},
    {"f32{1,2", ""},       {"f32[2](0;1)", ""},
    {"f32[2] f32", ""},    {"f32[1000,1000]", ""},
    {"str{\"a}", ""},      {"f32[2]", "axis"},
    {"f32[2]", "=1"},      {"f32[2]", "pads=[1,2"},
    {"f32[2]", "axis=zz"}, {"f32[2]", "a=[\"x\",1]"},
    {"f32[x]", ""},
};

START_TEST(broken_samples_are_refused) {
  SampleCase c;
  Error err = {0};
  ck_assert_int_eq(sample_build(any_op(), &broken[_i], 0, &c, &err), BAD_USAGE);
  ck_assert_msg(strncmp(err.text, "sample '", 8) == 0, "%s", err.text);
  ck_assert_ptr_null(c.graph);
}
END_TEST

Suite *suite_operator_samples(void) {
  Suite *suite = suite_create("operator_samples");
  TCase *notation = tcase_create("notation");
  tcase_add_test(notation, inputs_are_read);
  tcase_add_test(notation, random_values_keep_their_range);
  tcase_add_test(notation, attributes_are_read);
  tcase_add_loop_test(notation, broken_samples_are_refused, 0, (int)(sizeof broken / sizeof *broken));
  suite_add_tcase(suite, notation);
  return suite;
}
