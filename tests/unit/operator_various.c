/* Attention, losses, transforms, detection and random operators: corner cases and refusals. */
#include "tests/support/result_case.h"

#include <check.h>

Suite *suite_operator_various(void);

static const ResultCase result_cases[] = {
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}", "", "f32[1,1,2,1]{2,2}", 0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}", "is_causal=1", "f32[1,1,2,1]{1,2}",
     0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, bool[2,2]{false,false,false,true}",
     "", "f32[1,1,2,1]{0,3}", 0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, f32[2,1]{0}", "", "f32[1,1,2,1]{1,1}",
     0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, f32[2,1]{0}", "opset=23",
     "f32[1,1,2,1]{2,2}", 0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, -, f32[1,1,1,2]{0}, f32[1,1,1,1]{5}",
     "is_causal=1", "f32[1,1,2,1]{3,3}", 0},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, -, f32[1,1,1,2]{0}, f32[1,1,1,1]{5}",
     "outputs=3", "f32[1,1,3,1]{5,1,3}", 2},
    {"Attention", "f32[1,1,2,2]{0}, f32[1,1,2,2]{0}, f32[1,1,2,1]{1,3}, -, -, -, i64{1}", "",
     "f32[1,1,2,1]{1,1}", 0},
    {"Attention", "f32[1,1,4]{0}, f32[1,2,2]{0}, f32[1,2,2]{1,2,3,6}", "q_num_heads=4 kv_num_heads=2",
     "f32[1,1,4]{2,2,4,4}", 0},
    {"RotaryEmbedding", "f32[1,1,1,4]{1,2,3,4}, f32[1,1,2]{0}, f32[1,1,2]{1}", "", "f32[1,1,1,4]{-3,-4,1,2}",
     0},
    {"RotaryEmbedding", "f32[1,1,1,4]{1,2,3,4}, f32[1,1,2]{0}, f32[1,1,2]{1}", "interleaved=1",
     "f32[1,1,1,4]{-2,1,-4,3}", 0},
    {"TensorScatter", "f32[1,3,1]{1,2,3}, f32[1,2,1]{8,9}, i64{2}", "mode=\"circular\"", "f32[1,3,1]{9,2,8}",
     0},
    {"LinearAttention", "f32[1,2,1]{1,1}, f32[1,2,1]{1,2}, f32[1,2,1]{3,4}",
     "q_num_heads=1 kv_num_heads=1 update_rule=\"linear\"", "f32[1,2,1]{3,11}", 0},
    {"LinearAttention", "f32[1,2,1]{1,1}, f32[1,2,1]{1,2}, f32[1,2,1]{3,4}, -, -, f32[1,2,1]{1,0.5}",
     "q_num_heads=1 kv_num_heads=1 update_rule=\"delta\"", "f32[1,2,1]{3,1}", 0},
    {"CausalConvWithState", "f32[1,1,3]{1,2,3}, f32[1,1,2]{10,1}!, -, f32[1,1,1]{9}", "",
     "f32[1,1,3]{91,12,23}", 0},
    {"SwiGLU", "f32{0,2}, f32[]{3}", "alpha=0.0", "f32{0,3}", 0},
    {"BitCast", "f32{1,-0.0}", "to=6", "i32{1065353216,-2147483648}", 0},
    {"NegativeLogLikelihoodLoss", "f32[2,2]{1,2,3,4}, i64{0,1}, f32{1,3}!", "", "f32[]{-3.25}", 0},
    {"NegativeLogLikelihoodLoss", "f32[2,2]{1,2,3,4}, i64{0,-5}", "ignore_index=-5", "f32[]{-1}", 0},
    {"SoftmaxCrossEntropyLoss", "f32[1,2]{0,0}, i64{1}", "", "f32[]{0.69314718}", 0},
    {"DFT", "f32[1,4,1]{1,0,0,0}", "", "f32[1,4,2]{1,0,1,0,1,0,1,0}", 0},
    {"DFT", "f32[1,2,1]{1,2}, i64[]{4}", "onesided=1", "f32[1,3,2]{3,0,1,-2,-1,0}", 0},
    {"DFT", "f32[1,3,2]{3,0,1,-2,-1,0}", "onesided=1 inverse=1", "f32[1,4,1]{1,2,0,0}", 0},
    {"STFT", "f32[1,3,1]{1,2,3}, i64[]{1}, -, i64[]{2}", "", "f32[1,2,2,2]{3,0,-1,0,5,0,-1,0}", 0},
    {"HannWindow", "i64[]{1}", "periodic=0", "f32{1}", 0},
    {"HannWindow", "i64[]{0}", "", "f32[0]", 0},
    {"NonMaxSuppression", "f32[1,3,4]{0,0,1,1,0,0,1,1,1,1,0,0}, f32[1,1,3]{1,2,2}, i64{9}, f32{0.5}", "",
     "i64[1,3]{0,0,1}", 0},
    {"NonMaxSuppression", "f32[1,2,4]{0,0,1,1,5,5,6,6}, f32[1,1,2]{1,2}", "", "i64[0,3]", 0},
    {"NonMaxSuppression", "f32[1,2,4]{0,0,1,1,5,5,6,6}, f32[1,1,2]{nan,2}, i64{9}", "", "i64[1,3]{0,0,1}", 0},
    {"MaxRoiPool", "f32[1,1,3,3]{1,2,3,4,5,6,7,8,9}, f32[2,5]{0,0,0,2,2,0,5,5,9,9}", "pooled_shape=[2,2]",
     "f32[2,1,2,2]{5,6,8,9,0,0,0,0}", 0},
    {"MaxRoiPool", "f32[1,1,2,2]{1,2,3,4}, f32[1,5]{0,0,0,1,1}", "pooled_shape=[1,1] spatial_scale=0.4",
     "f32[1,1,1,1]{1}", 0},
    {"RoiAlign", "f32[1,1,2,2]{1,3,1,3}, f32[1,4]{0,0,2,2}, i64{0}", "sampling_ratio=1", "f32[1,1,1,1]{2}",
     0},
    {"Unique", "f32{nan,1,nan,1}", "outputs=4", "i64{2,2}", 3},
    {"Unique", "u64{18446744073709551615,0,18446744073709551615}", "outputs=3", "i64{1,0,1}", 2},
    {"Unique", "f32[0]", "outputs=4", "f32[0]", 0},
    {"Unique", "i64[2,2]{3,1,1,3}", "sorted=0 outputs=3", "i64{0,1,1,0}", 2},
    {"Einsum", "f32[2,2]{1,2,3,4}", "equation=\"ba\"", "f32[2,2]{1,3,2,4}", 0},
    {"Einsum", "f32[2,2]{1,2,3,4}, f32{1,10}", "equation=\"ij,j\"", "f32{21,43}", 0},
    {"Einsum", "f32[2,2]{1,2,3,4}", "equation=\"ii->\"", "f32[]{5}", 0},
    {"Einsum", "f32[2,0], f32[0,2]", "equation=\"ij,jk\"", "f32[2,2]{0}", 0},
    {"Det", "f32[3,3]{0,2,0,1,0,0,0,0,3}", "", "f32[]{-6}", 0},
    {"MaxUnpool", "f32[1,1,2]{5,6}, i64[1,1,2]{1,2}", "kernel_shape=[2] strides=[2]", "f32[1,1,4]{0,5,6,0}",
     0},
    {"Col2Im", "f32[1,2,2]{1,2,3,4}, i64{3}!, i64{2}!", "", "f32[1,1,3]{1,5,4}", 0},
    {"DeformConv", "f32[1,1,2,2]{1,2,3,4}, f32[1,1,1,1]{1}!, f32[1,2,2,2]{0.5,0,0,0,0,0,0,0}", "",
     "f32[1,1,2,2]{2,2,3,4}", 0},
    {"AffineGrid", "f32[1,2,3]{1,0,0,0,1,0}, i64{1,1,1,2}!", "", "f32[1,1,2,2]{-0.5,0,0.5,0}", 0},
    {"Bernoulli", "f32{0,1,0,1}", "", "f32{0,1,0,1}", 0},
    {"Multinomial", "f32[1,3]{-inf,0,-inf}", "sample_size=3", "i32[1,3]{1,1,1}", 0},
};

START_TEST(results_are_right) {
  check_result(&result_cases[_i], NODE_PLAIN);
  check_result(&result_cases[_i], NODE_FAST);
}
END_TEST

static const RefusedCase refused_cases[] = {
    {"Attention", "f32[1,1,2,2], f32[1,1,2,3], f32[1,1,2,1]", "", "head size"},
    {"Attention", "f32[1,3,2,2], f32[1,2,2,2], f32[1,2,2,1]", "", "no multiple of 2 heads"},
    {"Attention", "f32[1,2,4], f32[1,2,4], f32[1,2,4]", "", "q_num_heads"},
    {"Attention", "f32[1,1,2,2], f32[1,1,2,2], f32[1,1,2,1], bool[2,3]", "", "mask"},
    {"Attention", "f32[1,1,2,2], f32[1,1,2,2], f32[1,1,2,1], -, f32[1,1,1,2]", "", "only one"},
    {"RotaryEmbedding", "f32[1,1,1,4], f32[2,2], f32[2,2], i64[1,1]{2}", "", "position 2"},
    {"RotaryEmbedding", "f32[1,1,1,3], f32[1,1,2], f32[1,1,2]", "", "pairs"},
    {"TensorScatter", "f32[1,3,1], f32[1,2,1], i64{2}", "", "do not fit"},
    {"LinearAttention", "f32[1,2,2], f32[1,2,2], f32[1,2,2]", "q_num_heads=1 kv_num_heads=1", "decay"},
    {"CausalConvWithState", "f32[1,1,3], f32[1,1,2]!, -, f32[1,1,2]", "", "past"},
    {"BitCast", "f32[1]", "to=7", "different sizes"},
    {"NegativeLogLikelihoodLoss", "f32[1,2], i64{2}", "", "label 2"},
    {"SoftmaxCrossEntropyLoss", "f32[1,2], i64[1,1]", "", "labels"},
    {"DFT", "f32[1,4,3]", "", "3 elements instead of 1 or 2"},
    {"DFT", "f32[1,4,1], i64[]{0}!", "", "length 0"},
    {"STFT", "f32[1,3,1], i64[]{1}, -, i64[]{4}!", "", "do not fit"},
    {"STFT", "f32[1,3,1], i64[]{0}!, -, i64[]{2}", "", "below 1"},
    {"NonMaxSuppression", "f32[1,2,4], f32[1,1,3]", "", "do not fit"},
    {"RoiAlign", "f32[1,1,2,2], f32[1,4], i64{1}", "", "batch index 1"},
    {"MaxRoiPool", "f32[1,1,2,2], f32[1,5]{1,0,0,1,1}", "pooled_shape=[1,1]", "batch index 1"},
    {"MaxRoiPool", "f32[1,1,2,2], f32[1,5]{0,0,0,nan,1}", "pooled_shape=[1,1]", "is no box"},
    {"MaxRoiPool", "f32[1,1,2,2], f32[1,5]", "pooled_shape=[1]", "2 numbers"},
    {"Unique", "f32[2]", "axis=1", "axis 1"},
    {"Einsum", "f32[2,2], f32[3]", "equation=\"ij,j\"", "2 and 3"},
    {"Einsum", "f32[2,2]", "equation=\"i\"", "does not fit"},
    {"Einsum", "f32[2]", "equation=\"i->j\"", "no operand has"},
    {"Einsum", "f32[2]", "equation=\"i,j\"", "as many terms"},
    {"Det", "f32[2,3]", "", "not square"},
    {"MaxUnpool", "f32[1,1,1], i64[1,1,1]{9}", "kernel_shape=[2]", "index 9"},
    {"Col2Im", "f32[1,3,2], i64{3}!, i64{2}!", "", "do not fit"},
    {"DeformConv", "f32[1,1,2,2], f32[1,1,1,1]!, f32[1,1,2,2]", "", "each tap"},
    {"AffineGrid", "f32[1,2,3], i64{1,1,-1,2}!", "", "below 0"},
};

START_TEST(misfits_are_refused) {
  check_refused(&refused_cases[_i]);
}
END_TEST

#define COUNT(cases) ((int)(sizeof(cases) / sizeof *(cases)))

Suite *suite_operator_various(void) {
  Suite *suite = suite_create("operator_various");
  TCase *tests = tcase_create("cases");
  tcase_add_loop_test(tests, results_are_right, 0, COUNT(result_cases));
  tcase_add_loop_test(tests, misfits_are_refused, 0, COUNT(refused_cases));
  suite_add_tcase(suite, tests);
  return suite;
}
