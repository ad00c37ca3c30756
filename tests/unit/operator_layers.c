/* Layers (convolution, products, pooling, normalization, softmax) against results worked out by hand, by both
   kernels; what they refuse; what quantization reads from their rows. */
#include "tests/support/result_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_operator_layers(void);

static const ResultCase layer_cases[] = {
    {"Conv", "f32[1,1,4]{1,2,3,4}, f32[1,1,2]{1,10}!", "", "f32[1,1,3]{21,32,43}", 0},
    {"Conv", "f32[1,1,4]{1,2,3,4}, f32[1,1,2]{1,10}!", "pads=[1,0]", "f32[1,1,4]{10,21,32,43}", 0},
    {"Conv", "f32[1,1,6]{1,2,3,4,5,6}, f32[1,1,2]{1,10}!", "strides=[2] dilations=[2]", "f32[1,1,2]{31,53}",
     0},
    {"Conv", "f32[1,2,2]{1,2,3,4}, f32[2,1,1]{10,100}!, f32{1,2}!", "group=2", "f32[1,2,2]{11,21,302,402}",
     0},
    {"Conv", "f32[1,1,3]{1,2,3}, f32[1,1,2]{1,10}!", "auto_pad=\"SAME_UPPER\"", "f32[1,1,3]{21,32,3}", 0},
    {"Conv", "f32[1,1,3]{1,2,3}, f32[1,1,2]{1,10}!", "auto_pad=\"SAME_LOWER\"", "f32[1,1,3]{10,21,32}", 0},
    {"Conv", "f32[2,1,1,2]{1,2,3,4}, f32[1,1,1,1]{2}!", "", "f32[2,1,1,2]{2,4,6,8}", 0},
    {"Conv", "f32[1,1,1,1,2]{1,2}, f32[1,1,1,1,2]{1,10}!", "", "f32[1,1,1,1,1]{21}", 0},
    {"Conv", "f16[1,1,3]{1,2,3}, f16[1,1,2]{1,0.5}!", "", "f16[1,1,2]{2,3.5}", 0},
    {"Conv", "f32[0,1,3], f32[1,1,2]{1,10}!", "", "f32[0,1,2]", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,2]{1,10}!", "", "f32[1,1,3]{1,12,20}", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,2]{1,10}!", "pads=[1,0]", "f32[1,1,2]{12,20}", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,2]{1,10}!, f32{1}!", "strides=[2] output_padding=[1]",
     "f32[1,1,5]{2,11,3,21,1}", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,2]{1,10}!", "strides=[2] output_shape=[3]",
     "f32[1,1,3]{10,2,20}", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,3]{1,10,100}!", "strides=[2] auto_pad=\"SAME_UPPER\"",
     "f32[1,1,4]{1,10,102,20}", 0},
    {"ConvTranspose", "f32[1,1,2]{1,2}, f32[1,1,3]{1,10,100}!", "strides=[2] auto_pad=\"SAME_LOWER\"",
     "f32[1,1,4]{10,102,20,200}", 0},
    {"ConvTranspose", "f32[1,2,1]{1,2}, f32[2,1,2]{1,10,100,1000}!", "group=2", "f32[1,2,2]{1,10,200,2000}",
     0},
    {"MaxPool", "f32[1,1,4]{1,3,2,5}", "kernel_shape=[2]", "f32[1,1,3]{3,3,5}", 0},
    {"MaxPool", "f32[1,1,3]{-1,-3,-2}", "kernel_shape=[2] pads=[1,0]", "f32[1,1,3]{-1,-1,-2}", 0},
    {"MaxPool", "f32[1,1,5]{1,2,3,4,5}", "kernel_shape=[2] strides=[2] ceil_mode=1", "f32[1,1,3]{2,4,5}", 0},
    {"MaxPool", "f32[1,1,4]{1,2,3,4}", "kernel_shape=[2] strides=[3] pads=[1,1] ceil_mode=1",
     "f32[1,1,2]{1,4}", 0},
    {"MaxPool", "f32[2,1,2,2]{1,9,3,4,1,2,3,4}", "kernel_shape=[2,2] outputs=2", "i64[2,1,1,1]{1,7}", 1},
    {"MaxPool", "f32[1,1,2,2]{1,9,3,4}", "kernel_shape=[2,2] storage_order=1 outputs=2", "i64[1,1,1,1]{2}",
     1},
    {"MaxPool", "i8[1,1,3]{-128,-3,-128}", "kernel_shape=[2] pads=[0,1]", "i8[1,1,3]{-3,-3,-128}", 0},
    {"AveragePool", "f32[1,1,4]{1,2,3,4}", "kernel_shape=[2] strides=[3] pads=[1,1]", "f32[1,1,2]{1,3.5}", 0},
    {"AveragePool", "f32[1,1,4]{1,2,3,4}", "kernel_shape=[2] strides=[3] pads=[1,1] count_include_pad=1",
     "f32[1,1,2]{0.5,3.5}", 0},
    {"AveragePool", "f32[1,1,5]{1,2,3,4,5}", "kernel_shape=[2] strides=[2] ceil_mode=1 count_include_pad=1",
     "f32[1,1,3]{1.5,3.5,5}", 0},
    {"LpPool", "f32[1,1,3]{3,-4,0}", "kernel_shape=[2]", "f32[1,1,2]{5,4}", 0},
    {"GlobalAveragePool", "f32[1,2,2]{1,3,5,9}", "", "f32[1,2,1]{2,7}", 0},
    {"GlobalMaxPool", "f32[1,2,2]{1,3,-5,-9}", "", "f32[1,2,1]{3,-5}", 0},
    {"GlobalLpPool", "f32[1,2,2]{3,4,6,-8}", "", "f32[1,2,1]{5,10}", 0},
    {"Gemm", "f32[2,2]{1,2,3,4}, f32[2,2]{1,0,0,1}!, f32{10,20}!", "", "f32[2,2]{11,22,13,24}", 0},
    {"Gemm", "f32[2,2]{1,2,3,4}, f32[2,2]{1,0,0,1}!, f32{10,20}!", "transA=1 alpha=2.0 beta=0.5",
     "f32[2,2]{7,16,9,18}", 0},
    {"Gemm", "f32[1,2]{1,2}, f32[2,2]{1,2,3,4}!", "transB=1", "f32[1,2]{5,11}", 0},
    {"Gemm", "f32[1,0], f32[0,2]!, f32{1,2}!", "", "f32[1,2]{1,2}", 0},
    {"MatMul", "f32{1,2,3}, f32{4,5,6}", "", "f32[]{32}", 0},
    {"MatMul", "f32[2,1,2]{1,2,3,4}, f32{1,10}", "", "f32[2,1]{21,43}", 0},
    {"MatMul", "f32{1,10}, f32[2,2,1]{1,2,3,4}", "", "f32[2,1]{21,43}", 0},
    {"MatMul", "f32[2,1,1]{1,2}, f32[1,2,1,1]{3,4}", "", "f32[1,2,1,1]{3,8}", 0},
    {"MatMul", "u64{18446744073709551615}, u64{2}", "", "u64[]{18446744073709551614}", 0},
    {"MatMul", "f32[2,0], f32[0,1]", "", "f32[2,1]{0,0}", 0},
    {"BatchNormalization", "f32[1,2,2]{1,2,3,4}, f32{4,1}!, f32{1,0}!, f32{1,3}!, f32{4,1}!", "epsilon=0.0",
     "f32[1,2,2]{1,3,0,1}", 0},
    {"BatchNormalization", "f32[2,1]{1,3}, f32{1}!, f32{0}!, f32{4}!, f32{9}!",
     "epsilon=0.0 momentum=0.5 training_mode=1 outputs=3", "f32[2,1]{-1,1}", 0},
    {"BatchNormalization", "f32[2,1]{1,3}, f32{1}!, f32{0}!, f32{4}!, f32{9}!",
     "epsilon=0.0 momentum=0.5 training_mode=1 outputs=3", "f32{5}", 2},
    {"LayerNormalization", "f32[1,2]{1,3}, f32{2,3}!, f32{1,1}!", "epsilon=0.0", "f32[1,2]{-1,4}", 0},
    {"LayerNormalization", "f32[2,2]{1,3,2,6}, f32{1}!", "epsilon=0.0 outputs=3", "f32[2,1]{1,0.5}", 2},
    {"RMSNormalization", "f32[1,2]{1,7}, f32{1,2}!", "epsilon=0.0", "f32[1,2]{0.2,2.8}", 0},
    {"InstanceNormalization", "f32[1,1,2]{1,3}, f32{2}!, f32{1}!", "epsilon=0.0", "f32[1,1,2]{-1,3}", 0},
    {"GroupNormalization", "f32[1,2,1]{1,3}, f32{1,2}!, f32{0,1}!", "num_groups=1 epsilon=0.0",
     "f32[1,2,1]{-1,3}", 0},
    {"GroupNormalization", "f32[1,2,1]{1,3}, f32{2}!, f32{1}!", "num_groups=1 epsilon=0.0 opset=18",
     "f32[1,2,1]{-1,3}", 0},
    {"LRN", "f32[1,3,1]{1,2,3}", "size=3 alpha=3.0 beta=1.0 bias=1.0",
     "f32[1,3,1]{0.16666667,0.13333333,0.21428571}", 0},
    {"LpNormalization", "f32[2,2]{3,4,0,0}", "", "f32[2,2]{0.6,0.8,0,0}", 0},
    {"MeanVarianceNormalization", "f32[2,1]{1,3}", "axes=[0]", "f32[2,1]{-1,1}", 0},
    {"Softmax", "f32{1000,1000}", "", "f32{0.5,0.5}", 0},
    {"Softmax", "f32[1,2,2]{0,0,0,0}", "axis=1 opset=11", "f32[1,2,2]{0.25}", 0},
    {"Softmax", "f32[1,2,2]{0,0,0,0}", "axis=1", "f32[1,2,2]{0.5}", 0},
    {"Softmax", "f32[2,2,1]{0,0,0,0}", "opset=11", "f32[2,2,1]{0.5}", 0},
    {"Softmax", "f32[2,2,1]{0,0,0,0}", "", "f32[2,2,1]{1}", 0},
    {"Softmax", "f32{-inf,0}", "", "f32{0,1}", 0},
    {"LogSoftmax", "f32{-1000,-1000}", "", "f32{-0.69314718,-0.69314718}", 0},
    {"Hardmax", "f32{1,3,3}", "", "f32{0,1,0}", 0},
};

START_TEST(results_are_right) {
  check_result(&layer_cases[_i], NODE_PLAIN);
  check_result(&layer_cases[_i], NODE_FAST);
}
END_TEST

static const RefusedCase refused_cases[] = {
    {"Conv", "f32[1,3,4,4], f32[2,2,3,3]!", "", "3 channels"},
    {"Conv", "f32[1,4,4,4], f32[3,2,3,3]!", "group=2", "divided into 2 groups"},
    {"Conv", "f32[1,2,4,4], f32[3,2,5,5]!", "", "larger than the padded input"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3,3]!, f32[2]!", "", "bias"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3,3]!", "kernel_shape=[3,2]", "kernel_shape"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3,3]!", "pads=[1,1]", "pads"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3,3]!", "strides=[0,1]", "strides"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3,3]!", "group=0", "group"},
    {"Conv", "f32[1,2,4,4], f32[3,2,3]!", "", "axes"},
    {"Conv", "f32[1,2,4,4], f64[3,2,3,3]!", "", "type"},
    {"Conv", "f32[1,2], f32[3,2]!", "", "axes"},
    {"ConvTranspose", "f32[1,2,4], f32[3,2,3]!", "", "channels"},
    {"ConvTranspose", "f32[1,2,1], f32[2,2,2]!", "pads=[1,1]", "leave nothing"},
    {"ConvTranspose", "f32[1,2,4], f32[2,2,2]!", "output_shape=[4,4]", "output_shape"},
    {"MaxPool", "f32[1,2,4]", "", "kernel_shape"},
    {"AveragePool", "f32[1,2,4]", "kernel_shape=[2,2]", "kernel_shape"},
    {"GlobalMaxPool", "f32[3]", "", "axis"},
    {"MatMul", "f32[2,3], f32[2,3]", "", "3 elements"},
    {"MatMul", "f32[], f32[2,3]", "", "scalar"},
    {"MatMul", "f32[2,2,3], f32[3,3,2]", "", "broadcasting"},
    {"Gemm", "f32[2,3], f32[2,3]!", "", "3 elements"},
    {"Gemm", "f32[2,3], f32[3,2]!, f32[3]!", "", "broadcast"},
    {"Gemm", "f32[2,3,1], f32[3,2]!", "", "two axes"},
    {"BatchNormalization", "f32[1,2,3], f32[2]!, f32[2]!, f32[3]!, f32[2]!", "", "3 elements"},
    {"LayerNormalization", "f32[2,3], f32[2]!", "", "broadcast"},
    {"LayerNormalization", "f32[2,3], f32[3]!", "axis=2", "axis 2"},
    {"GroupNormalization", "f32[1,3,2], f32[3]!, f32[3]!", "num_groups=2", "divided into 2 groups"},
    {"Softmax", "f32[2,3]", "axis=2", "axis 2"},
};

START_TEST(misfits_are_refused) {
  check_refused(&refused_cases[_i]);
}
END_TEST

/* What quantization reads: role, operands, multiply-accumulates. `axis` -1: not linear. */
typedef struct RowCase {
  const char *op, *inputs, *attributes;
  OpRole role;
  int axis;
  int64_t macs;
} RowCase;

static const RowCase row_cases[] = {
    {"Conv", "f32[2,4,5,5], f32[6,2,3,3]!", "group=2", ROLE_LINEAR, 0, 2 * 6 * 9 * 2 * 9},
    {"Conv", "f32[1,1,2,2,2], f32[1,1,1,1,1]!", "", ROLE_FLOAT, -1, 8},
    {"ConvTranspose", "f32[1,4,5], f32[4,3,2]!", "strides=[2]", ROLE_LINEAR, 1, 5 * 4 * 3 * 2},
    {"Gemm", "f32[1,6], f32[5,6]!, f32[5]!", "transB=1", ROLE_LINEAR, 0, 30},
    {"Gemm", "f32[1,6], f32[6,5]!", "beta=0.5", ROLE_LINEAR, 1, 30},
    {"Gemm", "f32[1,6], f32[6,5]!", "alpha=0.5", ROLE_FLOAT, -1, 30},
    {"Gemm", "f32[6,1], f32[6,5]!", "transA=1", ROLE_FLOAT, -1, 30},
    {"MatMul", "f32[2,3,4], f32[4,5]!", "", ROLE_LINEAR, 1, 2 * 3 * 4 * 5},
    {"MatMul", "f32[3,4], f32[2,4,5]", "", ROLE_LINEAR, 2, 2 * 3 * 4 * 5},
    {"MatMul", "i64[2,3], i64[3,2]", "", ROLE_INDEX, -1, 12},
    {"MaxPool", "f32[1,2,4]", "kernel_shape=[2]", ROLE_SAME_SCALE, -1, 0},
    {"MaxPool", "f32[1,2,4]", "kernel_shape=[2] outputs=2", ROLE_FLOAT, -1, 0},
};

START_TEST(rows_tell_what_quantization_asks) {
  const RowCase *row = &row_cases[_i];
  NodeCase c;
  Error err = {0};
  const char *reason = NULL;
  ck_assert_int_eq(node_case_run(&c, op_find("", row->op), row->inputs, row->attributes, NODE_PLAIN, &err),
                   OK);
  const Node *node = c.sample.node;
  ck_assert_msg(op_role(node, &reason) == row->role, "%s %s: role %s", row->op, row->inputs,
                op_role_name(op_role(node, NULL)));
  ck_assert(row->role != ROLE_FLOAT || reason != NULL);
  if (node->op->cost != NULL) ck_assert_int_eq(node->op->cost(node).macs, row->macs);
  if (row->axis >= 0) {
    LinearForm form;
    ck_assert_int_eq(node->op->linear(node, &form, &err), OK);
    ck_assert_int_eq(form.channel_axis, row->axis);
    ck_assert_int_eq(form.weight, 1);
  }
  node_case_free(&c);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite_operator_layers(void) {
  Suite *suite = suite_create("operator_layers");
  TCase *layers = tcase_create("layers");
  tcase_add_loop_test(layers, results_are_right, 0, COUNT(layer_cases));
  tcase_add_loop_test(layers, misfits_are_refused, 0, COUNT(refused_cases));
  tcase_add_loop_test(layers, rows_tell_what_quantization_asks, 0, COUNT(row_cases));
  suite_add_tcase(suite, layers);
  return suite;
}
