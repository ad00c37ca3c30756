/* Data movement and resampling: small cases whose results were worked out by other means. */
#include "tests/support/node_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_operator_moves(void);

typedef struct MoveCase {
  const char *op, *inputs, *attributes, *result;
  int output;
} MoveCase;

static const MoveCase cases[] = {
    /* views keep the order of the elements */
    {"Reshape", "f32[2,3]{1,2,3,4,5,6}, i64{3,-1}", "", "f32[3,2]{1,2,3,4,5,6}", 0},
    {"Flatten", "i8[2,1,2]{1,2,3,4}", "axis=-1", "i8[2,2]{1,2,3,4}", 0},
    {"Squeeze", "str[1,2]{\"a\",\"b\"}", "", "str{\"a\",\"b\"}", 0},
    {"Unsqueeze", "bool{true,false}, i64{-1,0}", "", "bool[1,2,1]{true,false}", 0},
    {"Shape", "f32[2,0,3]", "start=-2", "i64{0,3}", 0},
    {"Size", "f32[2,0,3]", "", "i64[]{0}", 0},
    {"ConstantOfShape", "i64{2}", "value=f16[1]{1.5}", "f16{1.5,1.5}", 0},
    {"Range", "i32[]{10}, i32[]{3}, i32[]{-3}", "", "i32{10,7,4}", 0},
    {"Range", "f32[]{0}, f32[]{1}, f32[]{0.4}", "", "f32{0,0.4,0.8}", 0},
    {"NonZero", "i8[2,2]{0,3,-1,0}", "", "i64[2,2]{0,1,1,0}", 0},
    {"EyeLike", "i32[2,3]", "k=-1 dtype=1", "f32[2,3]{0,0,0,1,0,0}", 0},
    /* axes in another order, parts, joints */
    {"Transpose", "i16[1,2,3]{1,2,3,4,5,6}", "perm=[2,0,1]", "i16[3,1,2]{1,4,2,5,3,6}", 0},
    {"Transpose", "f64[2,2,2]{1,2,3,4,5,6,7,8}", "perm=[0,2,1]", "f64[2,2,2]{1,3,2,4,5,7,6,8}", 0},
    {"Concat", "u8[2,1]{1,2}, u8[2,2]{3,4,5,6}", "axis=-1", "u8[2,3]{1,3,4,2,5,6}", 0},
    {"Split", "f32[2,5]{1,2,3,4,5,6,7,8,9,10}", "axis=1 num_outputs=2 outputs=2", "f32[2,2]{4,5,9,10}", 1},
    {"Split", "str{\"a\",\"b\",\"c\"}, i64{1,2}", "outputs=2", "str{\"b\",\"c\"}", 1},
    {"Slice", "i32[3,4]{1,2,3,4,5,6,7,8,9,10,11,12}, i64{-1,3}, i64{-9,0}, i64{0,1}, i64{-2,-1}", "",
     "i32[2,3]{12,11,10,4,3,2}", 0},
    {"Slice", "i32{1,2,3}, i64{-9223372036854775808}, i64{9223372036854775807}", "", "i32{1,2,3}", 0},
    {"Slice", "i32{1,2,3}, i64{9223372036854775807}, i64{-9223372036854775808}, -, i64{-9223372036854775808}",
     "", "i32{3}", 0},
    {"Tile", "i8[1,2]{1,2}, i64{2,2}", "", "i8[2,4]{1,2,1,2,1,2,1,2}", 0},
    {"Expand", "i8[2,1]{1,2}, i64{2,1,3}", "", "i8[2,2,3]{1,1,1,2,2,2,1,1,1,2,2,2}", 0},
    {"DepthToSpace", "f32[1,8,1,1]{1,2,3,4,5,6,7,8}", "blocksize=2", "f32[1,2,2,2]{1,3,5,7,2,4,6,8}", 0},
    {"DepthToSpace", "f32[1,8,1,1]{1,2,3,4,5,6,7,8}", "blocksize=2 mode=\"CRD\"",
     "f32[1,2,2,2]{1,2,3,4,5,6,7,8}", 0},
    {"SpaceToDepth", "i8[1,2,2,4]{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}", "blocksize=2",
     "i8[1,8,1,2]{1,3,9,11,2,4,10,12,5,7,13,15,6,8,14,16}", 0},
    {"Trilu", "i8[3,4]{1,2,3,4,5,6,7,8,9,10,11,12}, i64[]{1}", "", "i8[3,4]{0,2,3,4,0,0,7,8,0,0,0,12}", 0},
    {"Trilu", "i8[3,4]{1,2,3,4,5,6,7,8,9,10,11,12}, i64[]{-1}", "upper=0",
     "i8[3,4]{0,0,0,0,5,0,0,0,9,10,0,0}", 0},
    {"ReverseSequence", "i8[3,2]{1,2,3,4,5,6}, i64{3,2}", "", "i8[3,2]{5,4,3,2,1,6}", 0},
    {"CenterCropPad", "i8{1,2,3,4,5}, i64{2}", "", "i8{2,3}", 0},
    {"CenterCropPad", "i8{1,2}, i64{5}", "", "i8{0,1,2,0,0}", 0},
    /* borders */
    {"Pad", "i32[2,3]{1,2,3,4,5,6}, i64{0,1,1,0}, i32[]{9}", "", "i32[3,4]{9,1,2,3,9,4,5,6,9,9,9,9}", 0},
    {"Pad", "i32[2,3]{1,2,3,4,5,6}, i64{-1,1}, -, i64{1}", "", "i32[2,3]{2,3,0,5,6,0}", 0},
    {"Pad", "f32[2,3]{1,2,3,4,5,6}, i64{1,2,0,1}", "mode=\"reflect\"",
     "f32[3,6]{6,5,4,5,6,5,3,2,1,2,3,2,6,5,4,5,6,5}", 0},
    {"Pad", "i8{1,2,3}, i64{5,4}", "mode=\"reflect\"", "i8{2,1,2,3,2,1,2,3,2,1,2,3}", 0},
    {"Pad", "i8[1,1]{7}, i64{0,2,0,1}", "mode=\"reflect\"", "i8[1,4]{7,7,7,7}", 0},
    {"Pad", "u8[2,3]{1,2,3,4,5,6}, i64{0,1,1,0}", "mode=\"edge\"", "u8[3,4]{1,1,2,3,4,4,5,6,4,4,5,6}", 0},
    {"Pad", "i8{1,2,3}, i64{4,2}", "mode=\"wrap\"", "i8{3,1,2,3,1,2,3,1,2}", 0},
    {"Pad", "f32{1,2}", "pads=[1,0] value=0.5 opset=8", "f32{0.5,1,2}", 0},
    /* indices */
    {"Gather", "i8[2,3]{1,2,3,4,5,6}, i64[2,2]{2,0,1,-1}", "axis=1", "i8[2,2,2]{3,1,2,3,6,4,5,6}", 0},
    {"GatherElements", "i8[2,2]{1,2,3,4}, i32[2,2]{0,0,1,0}", "axis=1", "i8[2,2]{1,1,4,3}", 0},
    {"GatherND", "i8[2,3,2]{1,2,3,4,5,6,7,8,9,10,11,12}, i64[2,1]{2,0}", "batch_dims=1", "i8[2,2]{5,6,7,8}",
     0},
    {"GatherND", "i8[2,2]{1,2,3,4}, i64[1,2]{-1,0}", "", "i8{3}", 0},
    {"ScatterElements", "i8{1,2,3}, i64{1,-1}, i8{8,9}", "", "i8{1,8,9}", 0},
    {"ScatterElements", "f32{1,2,3}, i64{1,1}, f32{5,7}", "reduction=\"mul\"", "f32{1,70,3}", 0},
    {"ScatterElements", "i8{100,2}, i64{0}, i8{100}", "reduction=\"add\"", "i8{-56,2}", 0},
    {"ScatterND", "i8[2,2]{1,2,3,4}, i64[1,1]{1}, i8[1,2]{8,2}", "reduction=\"max\"", "i8[2,2]{1,2,8,4}", 0},
    {"OneHot", "i64{1,-1,5}, i64[]{2}, f32{0.5,2}", "", "f32[3,2]{0.5,2,0.5,2,0.5,0.5}", 0},
    {"Compress", "i8[2,2]{1,2,3,4}, bool{false,true}", "axis=1", "i8[2,1]{2,4}", 0},
    {"Compress", "i8[2,2]{1,2,3,4}, bool{true,false,true}", "", "i8{1,3}", 0},
    {"CumSum", "i8{100,100,1}, i32[]{0}", "reverse=1 exclusive=1", "i8{101,1,0}", 0},
    {"CumProd", "f32[2,2]{1,2,3,4}, i32[]{0}", "", "f32[2,2]{1,2,3,8}", 0},
    {"TopK", "f32{1,nan,3,1}, i64{3}", "outputs=2", "i64{1,2,0}", 1},
    {"TopK", "i8[2,2]{1,2,4,3}, i64{1}", "axis=0 largest=0 outputs=2", "i8[1,2]{1,2}", 0},
    {"TopK", "u64{1,18446744073709551615,0}, i64{2}", "outputs=2", "i64{1,0}", 1},
    /* resampling; nearest: halves go down, or up where asked for */
    {"Resize", "i8{1,2}, -, f32{2}", "", "i8{1,1,2,2}", 0},
    {"Resize", "i8{1,2,3,4}, -, f32{0.5}", "", "i8{1,3}", 0},
    {"Resize", "i8{1,2,3,4}, -, f32{0.5}", "nearest_mode=\"round_prefer_ceil\"", "i8{2,4}", 0},
    {"Resize", "str{\"a\",\"b\"}, -, -, i64{3}",
     "coordinate_transformation_mode=\"asymmetric\" nearest_mode=\"floor\"", "str{\"a\",\"a\",\"b\"}", 0},
    {"Resize", "f32{1,2}, -, f32{2}", "mode=\"linear\"", "f32{1,1.25,1.75,2}", 0},
    {"Resize", "f32{1,2}, -, -, i64{4}", "mode=\"linear\" coordinate_transformation_mode=\"align_corners\"",
     "f32{1,1.33333333,1.66666667,2}", 0},
    {"Resize", "f32{1,2}, -, f32{2}", "mode=\"linear\" coordinate_transformation_mode=\"asymmetric\"",
     "f32{1,1.5,2,2}", 0},
    {"Resize", "f32{1,2,4}, -, -, i64{1}",
     "mode=\"linear\" coordinate_transformation_mode=\"pytorch_half_pixel\"", "f32{1}", 0},
    {"Resize", "f32{1,2,4}, -, -, i64{1}", "mode=\"linear\"", "f32{2}", 0},
    {"Resize", "f32{1,2,4}, f32{0,1}, -, i64{1}",
     "mode=\"linear\" coordinate_transformation_mode=\"tf_crop_and_resize\"", "f32{2}", 0},
    {"Resize", "f32{1,2,4}, f32{0.5,1.5}, -, i64{3}",
     "mode=\"linear\" coordinate_transformation_mode=\"tf_crop_and_resize\" extrapolation_value=-9.0",
     "f32{2,4,-9}", 0},
    {"Resize", "i8{1,2,4}, f32{0.5,1.5}, -, i64{3}",
     "coordinate_transformation_mode=\"tf_crop_and_resize\" extrapolation_value=-9.0", "i8{2,4,-9}", 0},
    {"Resize", "f32{1,2,4,8}, -, f32{2}", "mode=\"cubic\"",
     "f32{0.89453125,1.15625,1.5625,2.41796875,3.16015625,5.1171875,7.1640625,8.421875}", 0},
    {"Resize", "f32{1,2,4,8}, -, f32{0.75}", "mode=\"cubic\" exclude_outside=1",
     "f32{1.1001064962726317,2.71875,7.503727369542063}", 0},
    {"Resize", "f32{1,2,4,8,16,32}, -, f32{0.5}", "mode=\"cubic\" antialias=1",
     "f32{1.19921875,5.30859375,23.83203125}", 0},
    {"Resize", "f32{1,2,4,8,16,32}, -, f32{0.5}", "mode=\"linear\" antialias=1", "f32{1.75,6.75,23.0}", 0},
    {"Resize", "f32[2,4]{1,2,3,4,5,6,7,8}, -, -, i64{4,4}", "keep_aspect_ratio_policy=\"not_larger\"",
     "f32[2,4]{1,2,3,4,5,6,7,8}", 0},
    {"Resize", "f32[1,2]{1,2}, -, -, i64{2,2}", "keep_aspect_ratio_policy=\"not_smaller\"",
     "f32[2,4]{1,1,2,2,1,1,2,2}", 0},
    {"Resize", "f32{1,2}, f32{2}", "opset=10", "f32{1,1,2,2}", 0},
    {"GridSample", "f32[1,1,1,2]{1,3}, f32[1,1,3,2]{-1,0,0,0,0.5,0}", "align_corners=1",
     "f32[1,1,1,3]{1,2,2.5}", 0},
    {"GridSample", "f32[1,1,1,2]{1,3}, f32[1,1,3,2]{-1,0,0,0,1,0}", "", "f32[1,1,1,3]{0.5,2,1.5}", 0},
    {"GridSample", "i8[1,1,1,3]{1,2,3}, f32[1,1,2,2]{-2,0,2,0}",
     "mode=\"nearest\" padding_mode=\"reflection\"", "i8[1,1,1,2]{2,2}", 0},
    {"Upsample", "f32{1,2}, f32{2}", "mode=\"linear\" opset=9", "f32{1,1.5,2,2}", 0},
};

static void check_element(const MoveCase *move, const Tensor *got, const Tensor *expected, int64_t i) {
  if (expected->type == ELEMENT_STRING) {
    ck_assert_str_eq(((const char *const *)got->data)[i], ((const char *const *)expected->data)[i]);
    return;
  }
  double a = tensor_get(got, i), b = tensor_get(expected, i);
  double tolerance = element_is_float(expected->type) ? 1e-6 * fabs(b) : 0;
  ck_assert_msg(fabs(a - b) <= tolerance, "%s {%s} %s: element %d is %.9g instead of %.9g", move->op,
                move->inputs, move->attributes, (int)i, a, b);
}

START_TEST(elements_are_in_place) {
  const MoveCase *move = &cases[_i];
  NodeCase c;
  SampleCase holder;
  Error err = {0};
  const Tensor *expected = node_case_tensor(move->result, &holder);
  Status status = node_case_run(&c, op_find("", move->op), move->inputs, move->attributes, NODE_PLAIN, &err);
  ck_assert_msg(status == OK, "%s {%s}: %s", move->op, move->inputs, err.text);
  const Tensor *got = c.out[move->output];
  ck_assert_msg(got->type == expected->type && shape_equals(&got->shape, &expected->shape),
                "%s {%s} %s: type or shape", move->op, move->inputs, move->attributes);
  for (int64_t i = 0; i < tensor_elements(expected); i++) check_element(move, got, expected, i);
  node_case_free(&c);
  graph_free(holder.graph);
}
END_TEST

Suite *suite_operator_moves(void) {
  Suite *suite = suite_create("operator_moves");
  TCase *tcase = tcase_create("values");
  tcase_add_loop_test(tcase, elements_are_in_place, 0, (int)(sizeof cases / sizeof *cases));
  suite_add_tcase(suite, tcase);
  return suite;
}
