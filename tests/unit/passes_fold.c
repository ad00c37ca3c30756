/* Passes that fold BatchNormalization, scales and biases into weights. */
#include "tests/support/pass_case.h"

#include <check.h>
#include <math.h>

Suite *suite_passes_fold(void);

START_TEST(batchnorm_goes_into_conv) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5));
  Value *conv =
      NODE("Conv", "conv", x, make_constant(m, "w", SHAPE(3, 2, 3, 3)), make_constant(m, "b", SHAPE(3)));
  make_output(m, NODE("Relu", "y", batchnorm(m, "bn", conv, 3)));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fold_affine].rewrites, 1);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->nodes[0]->name, "conv");
  ck_assert_str_eq(m->graph->nodes[0]->outputs[0]->name, "bn");
  ck_assert_str_eq(m->graph->nodes[0]->inputs[1]->name, "w");
  ck_assert_ptr_null(graph_find_value(m->graph, "bn_gamma"));
  graph_free(m->graph);
}
END_TEST

START_TEST(conv_without_bias_gets_one) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 4, 6));
  Value *conv = NODE("Conv", "conv", x, make_constant(m, "w", SHAPE(4, 2, 3)));
  set_int(m, "group", 2);
  make_output(m, batchnorm(m, "bn", conv, 4));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_int_eq(m->graph->nodes[0]->input_count, 3);
  graph_free(m->graph);
}
END_TEST

START_TEST(batchnorm_goes_into_grouped_conv_transpose) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 4, 3, 3));
  Value *conv = NODE("ConvTranspose", "conv", x, make_constant(m, "w", SHAPE(4, 3, 2, 2)));
  set_int(m, "group", 2);
  make_output(m, batchnorm(m, "bn", conv, 6));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  graph_free(m->graph);
}
END_TEST

/* Gemm in all its forms: transposed or not, with bias of a vector, a row, a number, or none; beta. */
START_TEST(batchnorm_goes_into_gemm) {
  for (int form = 0; form < 8; form++) {
    Maker maker = maker_new(17), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 5));
    bool is_transposed = form % 2 == 1;
    Value *w = make_constant(m, "w", is_transposed ? SHAPE(3, 5) : SHAPE(5, 3));
    Value *bias = form / 2 == 0   ? NULL
                  : form / 2 == 1 ? make_constant(m, "b", SHAPE(3))
                  : form / 2 == 2 ? make_constant(m, "b", SHAPE(1, 3))
                                  : make_number(m, "b", 0.75f);
    Value *gemm = make_node(m, "Gemm", "gemm", (Value *[]){x, w, bias}, bias == NULL ? 2 : 3);
    set_int(m, "transB", is_transposed);
    set_float(m, "beta", 0.5);
    set_float(m, "alpha", 1.25);
    make_output(m, batchnorm(m, "bn", gemm, 3));
    clean_and_compare(m);
    ck_assert_int_eq(m->graph->node_count, 1);
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(matmul_and_bias_become_gemm) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 5));
  Value *product = NODE("MatMul", "product", x, make_constant(m, "w", SHAPE(5, 3)));
  make_output(m, NODE("Add", "y", make_constant(m, "b", SHAPE(3)), product));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_str_eq(m->graph->nodes[0]->type, "Gemm");
  ck_assert_str_eq(m->graph->nodes[0]->inputs[1]->name, "w");
  ck_assert_str_eq(m->graph->outputs[0]->name, "y");
  graph_free(m->graph);
}
END_TEST

START_TEST(stacked_matmul_takes_scales_but_no_bias) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 4, 5));
  Value *product = NODE("MatMul", "product", x, make_constant(m, "w", SHAPE(5, 3)));
  Value *scaled = NODE("Mul", "scaled", product, make_constant(m, "s", SHAPE(3)));
  make_output(m, NODE("Add", "y", scaled, make_constant(m, "b", SHAPE(3))));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_int_eq(graph_count(m->graph, "MatMul"), 1);
  ck_assert_int_eq(graph_count(m->graph, "Add"), 1);
  graph_free(m->graph);
}
END_TEST

START_TEST(arithmetic_of_channels_goes_into_conv) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5));
  Value *v = NODE("Conv", "conv", x, make_constant(m, "w", SHAPE(3, 2, 3, 3)));
  v = NODE("Mul", "mul", make_constant(m, "c1", SHAPE(3, 1, 1)), v);
  v = NODE("Add", "add", v, make_constant(m, "c2", SHAPE(1, 3, 1, 1)));
  v = NODE("Div", "div", v, make_number(m, "c3", 3.0f));
  make_output(m, NODE("Sub", "y", v, make_constant(m, "c4", SHAPE(1))));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fold_affine].rewrites, 4);
  ck_assert_int_eq(m->graph->node_count, 1);
  graph_free(m->graph);
}
END_TEST

/* What does not vary by channel, turns the operands round or has another user stays. */
START_TEST(other_arithmetic_stays) {
  for (int form = 0; form < 5; form++) {
    Maker maker = maker_new(17), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5));
    Value *conv = NODE("Conv", "conv", x, make_constant(m, "w", SHAPE(3, 2, 3, 3)));
    if (form == 0) make_output(m, NODE("Add", "y", conv, make_constant(m, "c", SHAPE(3))));
    if (form == 1) make_output(m, NODE("Add", "y", conv, make_constant(m, "c", SHAPE(1, 1, 1, 3, 1, 1))));
    if (form == 2) make_output(m, NODE("Sub", "y", make_constant(m, "c", SHAPE(3, 1, 1)), conv));
    if (form == 3) make_output(m, NODE("Add", "y", NODE("Mul", "m", conv, make_number(m, "c", 2)), conv));
    if (form == 4) make_output(m, NODE("Mul", "y", conv, make_number(m, "c", 2)));
    if (form == 4) make_output(m, conv);
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fold_affine].rewrites, 0);
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(shared_weights_stay_for_the_others) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5)), *w = make_constant(m, "w", SHAPE(3, 2, 3, 3));
  Value *first = batchnorm(m, "bn1", NODE("Conv", "conv1", x, w), 3);
  Value *second = batchnorm(m, "bn2", NODE("Conv", "conv2", x, w), 3);
  make_output(m, NODE("Add", "y", NODE("Relu", "r1", first), NODE("Relu", "r2", second)));
  clean_and_compare(m);
  ck_assert_int_eq(graph_count(m->graph, "BatchNormalization"), 0);
  ck_assert_ptr_ne(m->graph->nodes[0]->inputs[1], m->graph->nodes[1]->inputs[1]);
  graph_free(m->graph);
}
END_TEST

START_TEST(lone_batchnorm_becomes_mul_and_add) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 3, 4, 4));
  make_output(m, NODE("Relu", "y", batchnorm(m, "bn", x, 3)));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_split_batchnorm].rewrites, 1);
  ck_assert_int_eq(m->graph->node_count, 3);
  ck_assert_int_eq(graph_count(m->graph, "Mul"), 1);
  ck_assert_int_eq(graph_count(m->graph, "Add"), 1);
  ck_assert_str_eq(m->graph->nodes[1]->outputs[0]->name, "bn");
  graph_free(m->graph);
}
END_TEST

/* Weights w and bias b of a Conv that computes what conv, BatchNormalization and Mul by 1.5 do together. */
static void fold_by_hand(Maker *m, const Graph *separate) {
  const Tensor *from[6];
  static const char *const names[] = {"w", "bn_gamma", "bn_beta", "bn_mean", "bn_variance"};
  for (int i = 0; i < 5; i++) from[i] = graph_find_value(separate, names[i])->constant;
  Tensor *w = (Tensor *)make_constant(m, "w", SHAPE(3, 2, 3, 3))->constant;
  Tensor *b = (Tensor *)make_constant(m, "b", SHAPE(3))->constant;
  for (int64_t c = 0; c < 3; c++) {
    double scale = tensor_get(from[1], c) / sqrt(tensor_get(from[4], c) + (double)1e-5f);
    double shift = tensor_get(from[2], c) - tensor_get(from[3], c) * scale;
    for (int64_t i = 0; i < 18; i++)
      tensor_set(w, c * 18 + i, tensor_get(from[0], c * 18 + i) * (scale * 1.5));
    tensor_set(b, c, shift * 1.5);
  }
}

static Maker separate_nodes(void) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5));
  Value *conv = NODE("Conv", "conv", x, make_constant(m, "w", SHAPE(3, 2, 3, 3)));
  Value *bn = batchnorm(m, "bn", conv, 3);
  make_output(m, NODE("Relu", "y", NODE("Mul", "scaled", bn, make_number(m, "c", 1.5f))));
  maker_finish(m);
  return maker;
}

START_TEST(folded_weights_are_those_of_a_folded_model) {
  Maker separate = separate_nodes(), fused = maker_new(17), *m = &fused;
  Value *x = make_input(m, "x", SHAPE(1, 2, 5, 5));
  fold_by_hand(m, separate.graph);
  Value *conv = NODE("Conv", "conv", x, graph_find_value(m->graph, "w"), graph_find_value(m->graph, "b"));
  make_output(m, NODE("Relu", "y", conv));
  maker_finish(m);
  clean(separate.graph);
  clean(fused.graph);
  ck_assert_int_eq(separate.graph->node_count, fused.graph->node_count);
  for (int i = 1; i < 3; i++) {
    const Tensor *a = node_constant(separate.graph->nodes[0], i),
                 *b = node_constant(fused.graph->nodes[0], i);
    ck_assert_mem_eq(a->data, b->data, tensor_bytes(a));
  }
  graph_free(separate.graph);
  graph_free(fused.graph);
}
END_TEST

static void add_folding(TCase *tests) {
  tcase_add_test(tests, batchnorm_goes_into_conv);
  tcase_add_test(tests, conv_without_bias_gets_one);
  tcase_add_test(tests, batchnorm_goes_into_grouped_conv_transpose);
  tcase_add_test(tests, batchnorm_goes_into_gemm);
  tcase_add_test(tests, matmul_and_bias_become_gemm);
  tcase_add_test(tests, stacked_matmul_takes_scales_but_no_bias);
  tcase_add_test(tests, arithmetic_of_channels_goes_into_conv);
  tcase_add_test(tests, other_arithmetic_stays);
  tcase_add_test(tests, shared_weights_stay_for_the_others);
  tcase_add_test(tests, lone_batchnorm_becomes_mul_and_add);
  tcase_add_test(tests, folded_weights_are_those_of_a_folded_model);
}

Suite *suite_passes_fold(void) {
  Suite *suite = suite_create("passes_fold");
  TCase *folding = tcase_create("folding");
  add_folding(folding);
  suite_add_tcase(suite, folding);
  return suite;
}
