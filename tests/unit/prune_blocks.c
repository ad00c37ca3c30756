/* Residual blocks: which can go, which go first, and what is left. */
#include "prune/blocks.h"

#include "tests/support/pass_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Suite *suite_prune_blocks(void);

static Value *conv(Maker *m, const char *name, Value *x, int64_t out, int64_t in) {
  char weight[32];
  snprintf(weight, sizeof weight, "%s_w", name);
  Value *y = NODE("Conv", name, x, make_constant(m, weight, SHAPE(out, in, 3, 3)));
  set_ints(m, "pads", (int64_t[]){1, 1, 1, 1}, 4);
  return y;
}

/* relu(x + conv(relu(conv(x)))), with a convolution in the skip where the channels change. */
static Value *block(Maker *m, int number, Value *x, int64_t out, int64_t in) {
  static char names[64][6][16];
  static const char *const ends[] = {"c1", "r1", "c2", "skip", "add", "relu"};
  char(*name)[16] = names[number];
  for (int i = 0; i < 6; i++) snprintf(name[i], sizeof name[i], "b%d_%s", number, ends[i]);
  Value *y = conv(m, name[2], NODE("Relu", name[1], conv(m, name[0], x, out, in)), out, out);
  Value *skip = out == in ? x : conv(m, name[3], x, out, in);
  return NODE("Relu", name[5], NODE("Add", name[4], y, skip));
}

/* Two stages of `count` blocks each; the second begins with one that changes the channels. */
static Maker stages(int count) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = NODE("Relu", "stem", conv(m, "c", make_input(m, "x", SHAPE(1, 3, 4, 4)), 4, 3));
  for (int b = 0; b < count; b++) x = block(m, b, x, 4, 4);
  for (int b = 0; b < count; b++) x = block(m, count + b, x, 6, b == 0 ? 4 : 6);
  make_output(m, conv(m, "last", x, 2, 6));
  maker_finish(m);
  return maker;
}

static BlockReport take(Maker *m, double share) {
  BlockReport report;
  Error err = {0};
  ck_assert_msg(blocks_remove(m->graph, share, &report, &err) == OK, "%s", err.text);
  return report;
}

START_TEST(blocks_go_evenly) {
  Maker m = stages(4);
  BlockReport report = take(&m, 0.5);
  ck_assert_int_eq(report.found, 7);
  ck_assert_int_eq(report.blocks, 8);
  ck_assert_int_eq(report.removed, 4);
  static const char *const gone[] = {"b7_add", "b5_add", "b3_add", "b1_add"}; /* 0, 2 and 4, 6 stay */
  for (int i = 0; i < 4; i++) ck_assert_str_eq(report.names[i], gone[i]);
  ck_assert_int_eq(graph_count(m.graph, "Add"), 4);
  ck_assert_int_eq(graph_count(m.graph, "Conv"), 2 + 4 * 2 + 1);
  ck_assert_int_eq(graph_count(m.graph, "Relu"), 1 + 4 * 2);
  graph_free(m.graph);
}
END_TEST

START_TEST(each_stage_keeps_one) {
  Maker m = stages(3);
  BlockReport report = take(&m, 0.01);
  ck_assert_int_eq(report.removed, 4);
  ck_assert_ptr_nonnull(graph_find_value(m.graph, "b0_add")->producer);
  ck_assert_ptr_nonnull(graph_find_value(m.graph, "b3_skip")->producer);
  graph_free(m.graph);
}
END_TEST

/* A block that adds nothing may go and nothing changes. */
START_TEST(without_empty_blocks_the_same) {
  Maker m = stages(2);
  Arena arena = {0};
  static const char *const empty[] = {"b1_c2_w", "b3_c2_w"};
  for (int i = 0; i < 2; i++) {
    const Tensor *weight = graph_find_value(m.graph, empty[i])->constant;
    memset(weight->data, 0, tensor_bytes(weight));
  }
  Tensor *before = graph_compute(m.graph, 0, &arena);
  ck_assert_int_eq(take(&m, 0.5).removed, 2);
  Tensor *after = graph_compute(m.graph, 0, &arena);
  for (int64_t i = 0; i < tensor_elements(before); i++)
    ck_assert_double_eq_tol(tensor_get(before, i), tensor_get(after, i), 1e-5 * fabs(tensor_get(before, i)));
  arena_free(&arena);
  graph_free(m.graph);
}
END_TEST

static void check_none(Maker *m, Value *last) {
  BlockReport report;
  Error err = {0};
  make_output(m, last);
  maker_finish(m);
  ck_assert_int_eq(blocks_remove(m->graph, 0.5, &report, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "no residual block"));
  graph_free(m->graph);
}

START_TEST(a_chain_has_none) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = conv(m, "c", make_input(m, "x", SHAPE(1, 3, 4, 4)), 4, 3);
  check_none(m, conv(m, "last", NODE("Add", "bias", x, make_constant(m, "b", SHAPE(4, 1, 1))), 2, 4));
}
END_TEST

/* The branch is read by somebody else, or reads something else. */
START_TEST(an_open_branch_is_no_block) {
  Maker maker = maker_new(17), *m = &maker;
  Value *x = make_input(m, "x", SHAPE(1, 4, 4, 4));
  Value *first = block(m, 0, conv(m, "c", x, 4, 4), 4, 4);
  Value *inner = conv(m, "inner", first, 4, 4);
  Value *sum = NODE("Add", "sum", first, conv(m, "outer", inner, 4, 4));
  check_none(m, NODE("Mul", "y", sum, inner));
  maker = maker_new(17);
  x = make_input(m, "x", SHAPE(1, 4, 4, 4));
  first = block(m, 0, conv(m, "c", x, 4, 4), 4, 4);
  sum = NODE("Add", "sum", first, NODE("Mul", "product", conv(m, "outer", first, 4, 4), x));
  check_none(m, conv(m, "last", sum, 2, 4));
}
END_TEST

Suite *suite_prune_blocks(void) {
  Suite *suite = suite_create("prune_blocks");
  TCase *c = tcase_create("blocks");
  tcase_add_test(c, blocks_go_evenly);
  tcase_add_test(c, each_stage_keeps_one);
  tcase_add_test(c, without_empty_blocks_the_same);
  tcase_add_test(c, a_chain_has_none);
  tcase_add_test(c, an_open_branch_is_no_block);
  suite_add_tcase(suite, c);
  return suite;
}
