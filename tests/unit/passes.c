/* The graph's passes: what each of them rewrites, what it leaves alone, and that results stay. */
#include "interpreter/fold.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Suite *suite_passes(void);

#define NODE(type, output, ...)                                                                              \
  make_node(m, type, output, (Value *[]){__VA_ARGS__},                                                       \
            (int)(sizeof((Value *[]){__VA_ARGS__}) / sizeof(Value *)))

static void set_int(Maker *m, const char *name, int64_t i) {
  Error err = {0};
  ck_assert_int_eq(node_set_int(m->graph, m->graph->nodes[m->graph->node_count - 1], name, i, &err), OK);
}

static void set_float(Maker *m, const char *name, double f) {
  Error err = {0};
  ck_assert_int_eq(node_set_float(m->graph, m->graph->nodes[m->graph->node_count - 1], name, f, &err), OK);
}

static void set_ints(Maker *m, const char *name, const int64_t *ints, size_t count) {
  Error err = {0};
  ck_assert_int_eq(
      node_set_ints(m->graph, m->graph->nodes[m->graph->node_count - 1], name, ints, count, &err), OK);
}

static PassReport clean(Graph *graph) {
  PassReport report;
  Error err = {0};
  ck_assert_msg(passes_run(graph, &interpreter_pass_hooks, &report, &err) == OK, "%s", err.text);
  return report;
}

static void expect_close(const Tensor *a, const Tensor *b) {
  ck_assert(shape_equals(&a->shape, &b->shape));
  for (int64_t i = 0; i < tensor_elements(a); i++)
    ck_assert_double_eq_tol(tensor_get(a, i), tensor_get(b, i), 1e-4 * (1.0 + fabs(tensor_get(b, i))));
}

/* Cleans the graph, which must compute the same as before; a second run of the passes must find nothing. */
static PassReport clean_and_compare(Maker *m) {
  Arena arena = {0};
  maker_finish(m);
  Tensor *before = graph_compute(m->graph, 0, &arena);
  PassReport report = clean(m->graph), again = clean(m->graph);
  expect_close(graph_compute(m->graph, 0, &arena), before);
  for (int p = 0; p < PASS_COUNT; p++) ck_assert_int_eq(again.counts[p].rewrites, 0);
  arena_free(&arena);
  return report;
}

static Value *batchnorm(Maker *m, const char *output, Value *x, int64_t channels) {
  char names[4][32];
  static const char *const ends[] = {"gamma", "beta", "mean", "variance"};
  Value *inputs[5] = {x};
  for (int i = 0; i < 4; i++) {
    snprintf(names[i], sizeof names[i], "%s_%s", output, ends[i]);
    inputs[i + 1] = make_constant(m, names[i], SHAPE(channels));
  }
  return make_node(m, "BatchNormalization", output, inputs, 5);
}

/* ---- folding into weights ---- */

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

/* ---- activations ---- */

/* x * gate / 6 in the orders that exporters write. */
static Value *hardswish(Maker *m, Value *x, int form) {
  Value *six = make_number(m, "six", 6.0f), *sixth = make_number(m, "sixth", 1.0f / 6.0f);
  Value *sum = form % 2 == 0 ? NODE("Add", "sum", x, make_number(m, "three", 3.0f))
                             : NODE("Add", "sum", make_number(m, "three", 3.0f), x);
  Value *gate = NODE("Clip", "gate", sum, make_number(m, "low", 0.0f), make_number(m, "high", 6.0f));
  switch (form) {
  case 0:
    return NODE("Div", "y", NODE("Mul", "p", x, gate), six);
  case 1:
    return NODE("Mul", "y", NODE("Mul", "p", gate, x), sixth);
  case 2:
    return NODE("Mul", "y", x, NODE("Div", "p", gate, six));
  case 3:
    return NODE("Mul", "y", NODE("Mul", "p", sixth, gate), x);
  default:
    return NODE("Mul", "y", NODE("Div", "p", x, six), gate);
  }
}

START_TEST(clipped_products_become_hardswish) {
  for (int form = 0; form < 5; form++) {
    Maker maker = maker_new(13), *m = &maker;
    make_output(m, hardswish(m, make_input(m, "x", SHAPE(2, 7)), form));
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_hardswish].rewrites, 1);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "HardSwish");
    ck_assert_str_eq(m->graph->nodes[0]->outputs[0]->name, "y");
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(hardsigmoid_products_become_hardswish) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 7));
  Value *gate = NODE("HardSigmoid", "gate", x);
  set_float(m, "alpha", (double)(1.0f / 6.0f));
  make_output(m, NODE("Mul", "y", gate, x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_str_eq(m->graph->nodes[0]->type, "HardSwish");
  graph_free(m->graph);
}
END_TEST

/* Nearly HardSwish: another limit, another slope, another x, a result of higher rank. */
START_TEST(other_products_stay) {
  for (int form = 0; form < 4; form++) {
    Maker maker = maker_new(13), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 7)), *z = make_input(m, "z", SHAPE(2, 7));
    Value *sum = NODE("Add", "sum", x, make_number(m, "three", 3.0f));
    Value *high = make_number(m, "high", form == 0 ? 5.0f : 6.0f);
    Value *gate = NODE("Clip", "gate", sum, make_number(m, "low", 0.0f), high);
    Value *sixth = form == 3 ? make_constant(m, "sixth", SHAPE(1, 1, 1))
                             : make_number(m, "sixth", form == 1 ? 0.2f : 1.0f / 6.0f);
    if (form == 3) tensor_set((Tensor *)sixth->constant, 0, (double)(1.0f / 6.0f));
    make_output(m, NODE("Mul", "y", NODE("Mul", "p", gate, form == 2 ? z : x), sixth));
    clean_and_compare(m);
    ck_assert_int_eq(graph_count(m->graph, "HardSwish"), 0);
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(sigmoid_products_become_swish) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 7));
  Value *y = NODE("Mul", "silu", x, NODE("Sigmoid", "gate", x));
  make_output(m, NODE("Mul", "y", y, make_constant(m, "c", SHAPE(7))));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->nodes[0]->type, "Swish");
  ck_assert_int_eq(m->graph->nodes[0]->opset, 24);
  graph_free(m->graph);
}
END_TEST

static Value *gelu(Maker *m, Value *x, int form) {
  Value *half = make_number(m, "half", 0.5f), *one = make_number(m, "one", 1.0f);
  Value *argument = form % 2 == 0 ? NODE("Div", "argument", x, make_number(m, "root", 1.41421354f))
                                  : NODE("Mul", "argument", x, make_number(m, "root", 0.707106769f));
  Value *erf_value = NODE("Erf", "erf", argument);
  Value *gate = form % 2 == 0 ? NODE("Add", "gate", erf_value, one) : NODE("Add", "gate", one, erf_value);
  switch (form) {
  case 0:
    return NODE("Mul", "y", NODE("Mul", "p", x, gate), half);
  case 1:
    return NODE("Mul", "y", x, NODE("Mul", "p", gate, half));
  default:
    return NODE("Mul", "y", NODE("Mul", "p", half, x), gate);
  }
}

START_TEST(erf_products_become_gelu) {
  for (int form = 0; form < 3; form++) {
    Maker maker = maker_new(13), *m = &maker;
    make_output(m, gelu(m, make_input(m, "x", SHAPE(2, 7)), form));
    clean_and_compare(m);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "Gelu");
    graph_free(m->graph);
  }
}
END_TEST

static Value *layernorm(Maker *m, Value *x, int64_t axis, bool use_pow) {
  Value *mean = NODE("ReduceMean", "mean", x);
  set_ints(m, "axes", &axis, 1);
  Value *centred = NODE("Sub", "centred", x, mean);
  Value *square = use_pow ? NODE("Pow", "square", centred, make_number(m, "two", 2.0f))
                          : NODE("Mul", "square", centred, centred);
  Value *variance = NODE("ReduceMean", "variance", square);
  set_ints(m, "axes", &axis, 1);
  Value *sum = NODE("Add", "sum", variance, make_number(m, "epsilon", 1e-5f));
  return NODE("Div", "normal", centred, NODE("Sqrt", "deviation", sum));
}

START_TEST(written_out_layernorm_is_recognised) {
  for (int form = 0; form < 4; form++) {
    Maker maker = maker_new(13), *m = &maker;
    Value *x = make_input(m, "x", SHAPE(2, 3, 8)), *gamma = make_constant(m, "gamma", SHAPE(8));
    Value *normal = layernorm(m, x, form % 2 == 0 ? -1 : 2, form % 2 == 0);
    Value *y = NODE("Mul", "y", normal, gamma);
    if (form >= 2) y = NODE("Add", "z", make_constant(m, "beta", SHAPE(8)), y);
    make_output(m, y);
    PassReport report = clean_and_compare(m);
    ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 1);
    ck_assert_int_eq(m->graph->node_count, 1);
    ck_assert_str_eq(m->graph->nodes[0]->type, "LayerNormalization");
    graph_free(m->graph);
  }
}
END_TEST

START_TEST(norm_over_another_axis_stays) {
  Maker maker = maker_new(13), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 8));
  make_output(m, NODE("Mul", "y", layernorm(m, x, 1, true), make_constant(m, "gamma", SHAPE(8))));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fuse_layernorm].rewrites, 0);
  graph_free(m->graph);
}
END_TEST

/* ---- what does nothing ---- */

/* A chain of nodes that change nothing, behind a Relu. */
START_TEST(identities_go) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = NODE("Relu", "r", make_input(m, "x", SHAPE(2, 6)));
  v = NODE("Identity", "i1", NODE("Identity", "i0", v));
  v = NODE("Dropout", "i2", v);
  v = NODE("Cast", "i3", v);
  set_int(m, "to", ELEMENT_FLOAT32);
  v = NODE("Reshape", "i4", v, make_ints(m, "shape", (int64_t[]){2, -1}, 2));
  v = NODE("Transpose", "i5", v);
  set_ints(m, "perm", (int64_t[]){0, 1}, 2);
  v = NODE("Pad", "i6", v, make_ints(m, "pads", (int64_t[]){0, 0, 0, 0}, 4));
  v = NODE("Slice", "i7", v, make_ints(m, "starts", (int64_t[]){0}, 1),
           make_ints(m, "ends", (int64_t[]){99}, 1));
  v = NODE("Concat", "i8", v);
  set_int(m, "axis", 0);
  v = NODE("Expand", "i9", v, make_ints(m, "to", (int64_t[]){2, 1}, 2));
  make_output(m, NODE("Neg", "y", v));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_drop_identity].rewrites, 10);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(moves_stay) {
  Maker maker = maker_new(17), *m = &maker;
  Value *v = make_input(m, "x", SHAPE(2, 2));
  v = NODE("Transpose", "t", v);
  v = NODE("Slice", "s", v, make_ints(m, "starts", (int64_t[]){-1}, 1),
           make_ints(m, "ends", (int64_t[]){-99}, 1), make_ints(m, "axes", (int64_t[]){0}, 1),
           make_ints(m, "steps", (int64_t[]){-1}, 1));
  v = NODE("Pad", "p", v, make_ints(m, "pads", (int64_t[]){1, 0, -1, 0}, 4));
  make_output(m, NODE("Reshape", "y", v, make_ints(m, "shape", (int64_t[]){4}, 1)));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 4);
  graph_free(m->graph);
}
END_TEST

START_TEST(an_output_keeps_its_name) {
  Maker maker = maker_new(17), *m = &maker;
  Value *relu = NODE("Relu", "r", make_input(m, "x", SHAPE(2)));
  make_output(m, NODE("Identity", "y", relu));
  make_output(m, NODE("Neg", "z", relu));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->outputs[0]->name, "y");
  ck_assert_ptr_eq(m->graph->outputs[0]->producer, m->graph->nodes[0]);
  ck_assert_str_eq(m->graph->nodes[1]->inputs[0]->name, "y");
  graph_free(m->graph);
}
END_TEST

START_TEST(an_input_that_is_the_output_needs_its_identity) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2));
  make_output(m, NODE("Identity", "y", x));
  make_output(m, NODE("Identity", "z", x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(one_value_as_two_outputs_needs_one_identity) {
  Maker maker = maker_new(17), *m = &maker;
  Value *relu = NODE("Relu", "r", make_input(m, "x", SHAPE(2)));
  make_output(m, NODE("Identity", "y", relu));
  make_output(m, NODE("Identity", "z", relu));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 2);
  ck_assert_str_eq(m->graph->outputs[0]->name, "y");
  ck_assert_str_eq(m->graph->outputs[1]->name, "z");
  graph_free(m->graph);
}
END_TEST

/* ---- constants ---- */

START_TEST(shape_arithmetic_folds) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 4));
  Value *first = NODE("Gather", "first", NODE("Shape", "shape", x), make_ints(m, "zero", (int64_t[]){0}, 1));
  Value *to = NODE("Concat", "to", first, make_ints(m, "rest", (int64_t[]){-1}, 1));
  set_int(m, "axis", 0);
  make_output(m, NODE("Reshape", "y", NODE("Relu", "r", x), to));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_fold_constants].rewrites, 3);
  ck_assert_int_eq(m->graph->node_count, 2);
  const Tensor *shape = node_constant(m->graph->nodes[1], 1);
  ck_assert_int_eq(tensor_get_integer(shape, 0), 2);
  ck_assert_int_eq(tensor_get_integer(shape, 1), -1);
  graph_free(m->graph);
}
END_TEST

START_TEST(views_of_constants_fold) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 6)), *w = make_constant(m, "w", SHAPE(2, 3, 2));
  Value *view = NODE("Reshape", "view", w, make_ints(m, "to", (int64_t[]){6, 2}, 2));
  make_output(m, NODE("MatMul", "y", x, view));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 1);
  ck_assert_str_eq(m->graph->nodes[0]->inputs[1]->name, "view");
  graph_free(m->graph);
}
END_TEST

START_TEST(a_part_of_a_shape_folds) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2, 3, 4));
  Value *part = NODE("Shape", "part", x);
  set_int(m, "start", -2);
  set_int(m, "end", -1);
  make_output(m, part);
  make_output(m, NODE("Size", "size", x));
  clean_and_compare(m);
  ck_assert_int_eq(m->graph->node_count, 0);
  ck_assert_int_eq(tensor_elements(part->constant), 1);
  ck_assert_int_eq(tensor_get_integer(part->constant, 0), 3);
  ck_assert_int_eq(tensor_get_integer(m->graph->outputs[1]->constant, 0), 24);
  graph_free(m->graph);
}
END_TEST

START_TEST(unknown_shapes_and_large_results_stay) {
  Maker maker = maker_new(17), *m = &maker;
  Error err = {0};
  int symbol = graph_symbol(m->graph, "N", &err);
  Value *x = make_input(m, "x", SHAPE(DIM_SYMBOL(symbol), 3));
  make_output(m, NODE("Shape", "shape", x));
  make_output(m, NODE("ConstantOfShape", "large", make_ints(m, "to", (int64_t[]){8192, 4096}, 2)));
  maker_finish(m);
  PassReport report = clean(m->graph);
  ck_assert_int_eq(report.counts[PASS_fold_constants].rewrites, 0);
  ck_assert_int_eq(m->graph->node_count, 2);
  graph_free(m->graph);
}
END_TEST

START_TEST(dead_nodes_and_values_go) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(2));
  NODE("Neg", "dead2", NODE("Relu", "dead1", x));
  make_constant(m, "unread", SHAPE(5));
  make_output(m, NODE("Relu", "y", x));
  PassReport report = clean_and_compare(m);
  ck_assert_int_eq(report.counts[PASS_drop_dead].rewrites, 2);
  ck_assert_int_eq(m->graph->value_count, 2);
  graph_free(m->graph);
}
END_TEST

/* An If whose body reads `r` and `i` by name: neither goes. */
START_TEST(what_bodies_read_stays) {
  Maker maker = maker_new(17), *m = &maker;
  Error err = {0};
  Value *x = make_input(m, "x", SHAPE(2));
  Value *i = NODE("Identity", "i", NODE("Relu", "r", x));
  make_output(m, NODE("If", "y", x));
  Attribute *attribute = arena_new(&m->graph->arena, 1, sizeof *attribute, &err);
  Graph *body = graph_new(&err);
  body->outer = m->graph;
  graph_add_value(body, "r", &err);
  graph_add_value(body, "i", &err);
  *attribute = (Attribute){.name = "then_branch", .kind = ATTRIBUTE_GRAPH, .graph = body};
  m->graph->nodes[2]->attributes = attribute;
  m->graph->nodes[2]->attribute_count = 1;
  int rewrites = 0;
  ck_assert_int_eq(graph_refresh(m->graph, &err), OK);
  ck_assert_int_eq(pass_drop_identity(m->graph, &interpreter_pass_hooks, &rewrites, &err), OK);
  ck_assert_int_eq(pass_drop_dead(m->graph, &interpreter_pass_hooks, &rewrites, &err), OK);
  ck_assert_int_eq(rewrites, 0);
  ck_assert_ptr_eq(graph_find_value(m->graph, "i"), i);
  graph_free(m->graph);
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

static void add_fusing(TCase *tests) {
  tcase_add_test(tests, clipped_products_become_hardswish);
  tcase_add_test(tests, hardsigmoid_products_become_hardswish);
  tcase_add_test(tests, other_products_stay);
  tcase_add_test(tests, sigmoid_products_become_swish);
  tcase_add_test(tests, erf_products_become_gelu);
  tcase_add_test(tests, written_out_layernorm_is_recognised);
  tcase_add_test(tests, norm_over_another_axis_stays);
}

static void add_dropping(TCase *tests) {
  tcase_add_test(tests, identities_go);
  tcase_add_test(tests, moves_stay);
  tcase_add_test(tests, an_output_keeps_its_name);
  tcase_add_test(tests, an_input_that_is_the_output_needs_its_identity);
  tcase_add_test(tests, one_value_as_two_outputs_needs_one_identity);
  tcase_add_test(tests, shape_arithmetic_folds);
  tcase_add_test(tests, views_of_constants_fold);
  tcase_add_test(tests, a_part_of_a_shape_folds);
  tcase_add_test(tests, unknown_shapes_and_large_results_stay);
  tcase_add_test(tests, dead_nodes_and_values_go);
  tcase_add_test(tests, what_bodies_read_stays);
}

Suite *suite_passes(void) {
  Suite *suite = suite_create("passes");
  TCase *folding = tcase_create("folding"), *fusing = tcase_create("fusing"),
        *dropping = tcase_create("dropping");
  add_folding(folding);
  add_fusing(fusing);
  add_dropping(dropping);
  suite_add_tcase(suite, folding);
  suite_add_tcase(suite, fusing);
  suite_add_tcase(suite, dropping);
  return suite;
}
