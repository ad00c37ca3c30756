/* Coupled channels: which go together in small graphs of every kind, and that the graphs still compute the
   same without channels that were zero. */
#include "tests/support/prune_case.h"

#include <check.h>
#include <stdio.h>

Suite *suite_prune_channels(void);

static Value *conv(Maker *m, const char *name, Value *x, int64_t out, int64_t in) {
  char weight[32];
  snprintf(weight, sizeof weight, "%s_w", name);
  Value *y = NODE("Conv", name, x, make_constant(m, weight, SHAPE(out, in, 3, 3)));
  set_ints(m, "pads", (int64_t[]){1, 1, 1, 1}, 4);
  return y;
}

static Value *gemm(Maker *m, const char *name, Value *x, int64_t in, int64_t out) {
  char weight[32], bias[32];
  snprintf(weight, sizeof weight, "%s_w", name);
  snprintf(bias, sizeof bias, "%s_b", name);
  return NODE("Gemm", name, x, make_constant(m, weight, SHAPE(in, out)), make_constant(m, bias, SHAPE(out)));
}

/* ---- nets: each makes its output ---- */

static void pooled_chain(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(1, 3, 6, 6));
  x = NODE("Relu", "r", batchnorm(m, "n", conv(m, "c1", x, 8, 3), 8));
  x = NODE("MaxPool", "p", conv(m, "c2", x, 4, 8));
  set_ints(m, "kernel_shape", (int64_t[]){2, 2}, 2);
  make_output(m, conv(m, "c3", x, 5, 4));
}

static void residual(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(2, 3, 6, 6));
  Value *stem = NODE("Relu", "r1", conv(m, "c1", x, 8, 3));
  Value *inner = NODE("Relu", "r2", conv(m, "c2", stem, 6, 8));
  Value *sum = NODE("Add", "a", batchnorm(m, "n", conv(m, "c3", inner, 8, 6), 8), stem);
  Value *flat = NODE("Flatten", "f", NODE("GlobalAveragePool", "g", sum));
  make_output(m, gemm(m, "fc", flat, 8, 10));
}

static void depthwise(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 6, 3);
  x = NODE("Conv", "dw", x, make_constant(m, "dw_w", SHAPE(12, 1, 3, 3)),
           make_constant(m, "dw_b", SHAPE(12)));
  set_int(m, "group", 6);
  make_output(m, conv(m, "c2", x, 4, 12));
}

static void grouped(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 8, 3);
  x = NODE("Conv", "g", x, make_constant(m, "g_w", SHAPE(12, 4, 3, 3)));
  set_int(m, "group", 2);
  make_output(m, conv(m, "c2", x, 4, 12));
}

static void concat(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(1, 3, 6, 6));
  Value *joined = NODE("Concat", "j", conv(m, "c1", x, 4, 3), x, conv(m, "c2", x, 6, 3));
  set_int(m, "axis", 1);
  make_output(m, conv(m, "c3", batchnorm(m, "n", joined, 13), 5, 13));
}

static void squeeze_excite(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 8, 3);
  Value *gate = NODE("GlobalAveragePool", "g", x);
  gate = NODE("Relu", "r", NODE("Conv", "s1", gate, make_constant(m, "s1_w", SHAPE(4, 8, 1, 1))));
  gate = NODE("HardSigmoid", "h", NODE("Conv", "s2", gate, make_constant(m, "s2_w", SHAPE(8, 4, 1, 1))));
  make_output(m, conv(m, "c2", NODE("Mul", "y", x, gate), 5, 8));
}

static void flatten(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(2, 3, 4, 4)), 5, 3);
  x = NODE("Relu", "r", gemm(m, "fc1", NODE("Flatten", "f", x), 80, 7));
  make_output(m, gemm(m, "fc2", x, 7, 10));
}

/* Channels last, and brought together by a Reshape with a -1. */
static void reshaped(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(2, 3, 4, 4)), 6, 3);
  x = NODE("Transpose", "t", x);
  set_ints(m, "perm", (int64_t[]){0, 2, 3, 1}, 4);
  x = NODE("Reshape", "s", x, make_ints(m, "shape", (int64_t[]){0, -1}, 2));
  make_output(m, gemm(m, "fc", x, 96, 10));
}

static void gated(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 16, 3);
  Error err = {0};
  Value *a = graph_add_value(m->graph, "a", &err), *b = graph_add_value(m->graph, "b", &err);
  graph_add_node(m->graph, "split", "", "Split", &x, 1, (Value *[]){a, b}, 2, &err);
  set_int(m, "axis", 1);
  if (graph_opset(m->graph, "") >= 18) set_int(m, "num_outputs", 2);
  make_output(m, conv(m, "c2", NODE("Mul", "y", NODE("Sigmoid", "g", b), a), 5, 8));
}

static void uneven_split(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 10, 3);
  Error err = {0};
  Value *a = graph_add_value(m->graph, "a", &err), *b = graph_add_value(m->graph, "b", &err);
  const int64_t sizes[] = {4, 6};
  bool by_input = graph_opset(m->graph, "") >= 13;
  Value *inputs[] = {x, by_input ? make_ints(m, "sizes", sizes, 2) : NULL};
  graph_add_node(m->graph, "split", "", "Split", inputs, by_input ? 2 : 1, (Value *[]){a, b}, 2, &err);
  if (!by_input) set_ints(m, "split", sizes, 2);
  set_int(m, "axis", 1);
  Value *joined = NODE("Concat", "j", b, a);
  set_int(m, "axis", 1);
  make_output(m, conv(m, "c2", joined, 5, 10));
}

/* Half of the channels are read twice, and zeros are put around them. */
static void sliced(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 12, 3);
  Value *part = NODE("Slice", "s", x, make_ints(m, "starts", (int64_t[]){4, 1}, 2),
                     make_ints(m, "ends", (int64_t[]){10, 5}, 2), make_ints(m, "axes", (int64_t[]){1, 2}, 2));
  Value *wide = NODE("Pad", "p", part, make_ints(m, "pads", (int64_t[]){0, 2, 1, 0, 0, 4, 1, 0}, 8));
  make_output(m, conv(m, "c2", NODE("Add", "y", x, wide), 5, 12));
}

static void resized(Maker *m) {
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 4, 4)), 8, 3);
  x = NODE("Resize", "u", x, NULL, NULL, make_ints(m, "sizes", (int64_t[]){1, 8, 8, 8}, 4));
  x = NODE("PRelu", "r", x, make_constant(m, "slope", SHAPE(8, 1, 1)));
  x = NODE("ConvTranspose", "t", x, make_constant(m, "t_w", SHAPE(8, 6, 2, 2)),
           make_constant(m, "t_b", SHAPE(6)));
  make_output(m, conv(m, "c2",
                      NODE("InstanceNormalization", "n", x, make_constant(m, "n_s", SHAPE(6)),
                           make_constant(m, "n_b", SHAPE(6))),
                      5, 6));
}

/* A MatMul with its bias in an Add, a broadcast table, a sum over channels. */
static void matmul(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(2, 5, 3));
  x = NODE("MatMul", "p1", x, make_constant(m, "w1", SHAPE(3, 8)));
  x = NODE("Add", "b1", x, make_constant(m, "bias", SHAPE(8)));
  x = NODE("Add", "e", x, make_constant(m, "table", SHAPE(5, 8)));
  Value *y = NODE("MatMul", "p2", NODE("Relu", "r", x), make_constant(m, "w2", SHAPE(8, 6)));
  Value *sums = NODE("ReduceSum", "s", y, make_ints(m, "axes", (int64_t[]){-1}, 1));
  make_output(m, NODE("Mul", "z", sums, NODE("MatMul", "p3", y, make_constant(m, "w3", SHAPE(6, 2)))));
}

static void attention(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(1, 5, 6)), *parts[3];
  static const char *const names[] = {"q", "k", "v"};
  int64_t order[3][4] = {{0, 2, 1, 3}, {0, 2, 3, 1}, {0, 2, 1, 3}};
  Value *shape = make_ints(m, "heads", (int64_t[]){0, 0, 2, 4}, 4);
  for (int i = 0; i < 3; i++) {
    char text[3][32];
    snprintf(text[0], sizeof text[0], "%s_w", names[i]);
    snprintf(text[1], sizeof text[1], "%s_h", names[i]);
    snprintf(text[2], sizeof text[2], "%s_t", names[i]);
    Value *y = NODE("MatMul", names[i], x, make_constant(m, text[0], SHAPE(6, 8)));
    parts[i] = NODE("Transpose", text[2], NODE("Reshape", text[1], y, shape));
    set_ints(m, "perm", order[i], 4);
  }
  Value *scores = NODE("Softmax", "s", NODE("MatMul", "qk", parts[0], parts[1]));
  Value *y = NODE("Transpose", "back", NODE("MatMul", "sv", scores, parts[2]));
  set_ints(m, "perm", order[0], 4);
  y = NODE("Reshape", "flat", y, make_ints(m, "whole", (int64_t[]){0, 0, -1}, 3));
  make_output(m, NODE("MatMul", "o", y, make_constant(m, "o_w", SHAPE(8, 6))));
}

static const struct {
  const char *name;
  void (*make)(Maker *m);
  const char *groups;
} nets[] = {
    {"pooled chain", pooled_chain, "c1 8, c2 4, c3 5 whole"},
    {"residual", residual, "c1 8 x2, c2 6, fc 10 whole"},
    {"depthwise", depthwise, "c1 6 x2, c2 4 whole"},
    {"grouped", grouped, "c1 4, g 6, c2 4 whole"},
    {"concat", concat, "c1 4, c2 6, c3 5 whole"},
    {"squeeze-excite", squeeze_excite, "c1 8 x2, s1 4, c2 5 whole"},
    {"flatten", flatten, "c1 5, fc1 7, fc2 10 whole"},
    {"reshaped", reshaped, "c1 6, fc 10 whole"},
    {"gated", gated, "c1 8, c2 5 whole"},
    {"uneven split", uneven_split, "c1 4, c1 6, c2 5 whole"},
    {"sliced", sliced, NULL},
    {"resized", resized, "c1 8, t 6, c2 5 whole"},
    {"matmul", matmul, "p1 8, p2 6, p3 2 whole"},
    {"attention", attention, "q 4 x2, v 4, o 6 whole"},
};
#define NETS ((int)(sizeof nets / sizeof nets[0]))

START_TEST(channels_that_go_together) {
  Maker m = maker_new(18);
  nets[_i].make(&m);
  if (nets[_i].groups != NULL) check_groups(&m, nets[_i].groups);
  graph_free(m.graph);
}
END_TEST

START_TEST(without_zeros_the_same) {
  static const int64_t opsets[] = {11, 13, 18};
  for (int i = 0; i < 3; i++) {
    Maker m = maker_new(opsets[i]);
    nets[_i].make(&m);
    maker_finish(&m);
    check_cut(m.graph, nets[_i].name);
    graph_free(m.graph);
  }
}
END_TEST

/* ---- what keeps channels ---- */

static const Node *check_reason(Maker *m, Value *last, const char *maker, const char *reason) {
  const Node *stopper = NULL;
  make_output(m, last);
  maker_finish(m);
  const char *found = stop_reason(m->graph, maker, &stopper);
  ck_assert_ptr_nonnull(found);
  ck_assert_str_eq(found, reason);
  return stopper;
}

START_TEST(an_operator_without_rules_keeps_them) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 8, 3);
  x = NODE("DepthToSpace", "d", x);
  set_int(m, "blocksize", 2);
  const Node *stopper = check_reason(m, conv(m, "c2", x, 4, 2), "c1", "does not say how its axes are tied");
  ck_assert_str_eq(stopper->name, "d");
  graph_free(m->graph);
}
END_TEST

START_TEST(an_operator_along_the_channels_keeps_them) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = conv(m, "c1", make_input(m, "x", SHAPE(1, 3, 6, 6)), 8, 3);
  x = NODE("Softmax", "s", x);
  set_int(m, "axis", 1);
  const Node *stopper = check_reason(m, conv(m, "c2", x, 4, 8), "c1", "makes them sum up to one");
  ck_assert_str_eq(stopper->name, "s");
  graph_free(m->graph);
}
END_TEST

START_TEST(what_is_added_to_the_input_stays) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 3, 6, 6));
  Value *y = NODE("Add", "a", x, conv(m, "c1", x, 3, 3));
  ck_assert_ptr_null(check_reason(m, conv(m, "c2", y, 4, 3), "c1", "an input of the model"));
  graph_free(m->graph);
}
END_TEST

Suite *suite_prune_channels(void) {
  Suite *suite = suite_create("prune_channels");
  TCase *c = tcase_create("channels");
  tcase_add_loop_test(c, channels_that_go_together, 0, NETS);
  tcase_add_loop_test(c, without_zeros_the_same, 0, NETS);
  tcase_add_test(c, an_operator_without_rules_keeps_them);
  tcase_add_test(c, an_operator_along_the_channels_keeps_them);
  tcase_add_test(c, what_is_added_to_the_input_stays);
  suite_add_tcase(suite, c);
  return suite;
}
