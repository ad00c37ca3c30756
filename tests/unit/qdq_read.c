/* QDQ models that come in: which pairs are taken out, and what the values get. */
#include "quantize/qdq_read.h"
#include "operators/op.h"
#include "tests/support/graph_maker.h"

#include <check.h>

Suite *suite_qdq_read(void);

static Value *integers(Maker *m, const char *name, ElementType type, Shape shape, const int *numbers) {
  Error err = {0};
  Tensor *tensor = tensor_new(&m->graph->arena, type, &shape, &err);
  ck_assert_ptr_nonnull(tensor);
  for (int64_t i = 0; i < tensor_elements(tensor); i++) tensor_set_integer(tensor, i, numbers[i]);
  Value *value = graph_add_constant(m->graph, name, tensor, &err);
  ck_assert_ptr_nonnull(value);
  return value;
}

/* x -> Q -> DQ -> Relu -> Q -> DQ -> y, the second pair's scales as given. */
static Maker two_pairs(ElementType type, float scale, float other_scale) {
  Maker m = maker_new(13);
  Value *zero = integers(&m, "zero", type, SHAPE_SCALAR, (int[]){type == ELEMENT_UINT8 ? 100 : -28});
  Value *step = make_number(&m, "step", 0.5f), *first = make_number(&m, "first", scale);
  Value *second = make_number(&m, "second", other_scale), *x = make_input(&m, "x", SHAPE(2, 3));
  Value *codes = make_node(&m, "QuantizeLinear", "codes", (Value *[]){x, step, zero}, 3);
  Value *reals = make_node(&m, "DequantizeLinear", "reals", (Value *[]){codes, step, zero}, 3);
  Value *relu = make_node(&m, "Relu", "relu", &reals, 1);
  codes = make_node(&m, "QuantizeLinear", "relu_codes", (Value *[]){relu, first, zero}, 3);
  make_output(&m, make_node(&m, "DequantizeLinear", "y", (Value *[]){codes, second, zero}, 3));
  maker_finish(&m);
  return m;
}

static QdqTaken take_all(Graph *graph) {
  Error err = {0};
  QdqTaken taken;
  ck_assert_msg(qdq_read(graph, &taken, &err) == OK, "%s", err.text);
  return taken;
}

static int take(Graph *graph) {
  return take_all(graph).parameters;
}

static void check_pairs(ElementType type) {
  Maker m = two_pairs(type, 0.25f, 0.25f);
  ck_assert_int_eq(take(m.graph), 2);
  ck_assert_int_eq(graph_count(m.graph, "DequantizeLinear"), 0);
  const Value *x = graph_find_value(m.graph, "x"), *y = m.graph->outputs[0];
  ck_assert_str_eq(y->name, "y");
  ck_assert(node_is(y->producer, "Relu"));
  ck_assert_ptr_eq(y->producer->inputs[0], x);
  ck_assert_int_eq(x->spec->zero_point, -28); /* uint8 100 and int8 -28 are the same code */
  ck_assert_float_eq(x->spec->scales[0], 0.5f);
  ck_assert_double_eq(x->spec->low, -50);
  ck_assert(y->spec->is_fixed);
  ck_assert_float_eq(y->spec->scales[0], 0.25f);
  graph_free(m.graph);
}

START_TEST(pairs_are_taken_out) {
  check_pairs(ELEMENT_UINT8);
  check_pairs(ELEMENT_INT8);
}
END_TEST

START_TEST(what_is_no_pair_stays) {
  Maker m = two_pairs(ELEMENT_INT8, 0.25f, 0.75f); /* the second one changes the scale */
  ck_assert_int_eq(take(m.graph), 1);
  ck_assert_int_eq(graph_count(m.graph, "DequantizeLinear"), 1);
  ck_assert_ptr_null(m.graph->outputs[0]->spec);
  graph_free(m.graph);
}
END_TEST

/* Scales along `axis` of [2,3] codes with those zero points. */
static const QuantSpec *constant_spec(Graph **graph, const int codes[6], const int zero_points[3],
                                      int rounded) {
  Error err = {0};
  Maker m = maker_new(13);
  Value *w = integers(&m, "w", ELEMENT_UINT8, SHAPE(2, 3), codes);
  Value *zeros = integers(&m, "zeros", ELEMENT_UINT8, SHAPE(3), zero_points);
  Value *scales = make_constant(&m, "scales", SHAPE(3));
  Value *reals = make_node(&m, "DequantizeLinear", "reals", (Value *[]){w, scales, zeros}, 3);
  ck_assert_int_eq(node_set_int(m.graph, reals->producer, "axis", -1, &err), OK);
  make_output(&m, make_node(&m, "MatMul", "y", (Value *[]){make_input(&m, "x", SHAPE(1, 2)), reals}, 2));
  maker_finish(&m);
  QdqTaken taken = take_all(m.graph);
  const QuantSpec *spec = graph_find_value(m.graph, "reals")->spec;
  ck_assert_int_eq(taken.parameters, spec != NULL);
  ck_assert_int_eq(taken.rounded, rounded);
  *graph = m.graph;
  return spec;
}

START_TEST(symmetric_constants_give_their_scales) {
  Graph *graph;
  const QuantSpec *spec = constant_spec(&graph, (int[]){1, 128, 255, 3, 4, 5}, (int[]){128, 128, 128}, 0);
  ck_assert_ptr_nonnull(spec);
  ck_assert_int_eq(spec->axis, 1);
  ck_assert_int_eq(spec->scale_count, 3);
  ck_assert_int_eq(graph_count(graph, "DequantizeLinear"), 1); /* for the passes to fold */
  graph_free(graph);
}
END_TEST

static double scale_of(const Graph *graph, int i) {
  return tensor_get(graph_find_value(graph, "scales")->constant, i);
}

START_TEST(every_channel_may_have_its_zero_point) {
  Graph *graph;
  const QuantSpec *spec = constant_spec(&graph, (int[]){1, 2, 3, 3, 4, 5}, (int[]){128, 100, 0}, 0);
  ck_assert_ptr_nonnull(spec);
  ck_assert_int_eq(spec->zero_point, 0);
  for (int i = 0; i < 3; i++) ck_assert_float_eq(spec->scales[i], (float)scale_of(graph, i));
  graph_free(graph);
}
END_TEST

START_TEST(codes_beyond_127_widen_a_scale) {
  Graph *graph;
  /* 200 and 254 steps in the first channel; -128 beside 127 in the last one loses less when it is clipped */
  const QuantSpec *spec = constant_spec(&graph, (int[]){200, 1, 0, 254, 2, 127 + 128}, (int[]){0, 0, 128}, 1);
  ck_assert_ptr_nonnull(spec);
  ck_assert_float_eq(spec->scales[0], (float)(scale_of(graph, 0) * 2));
  ck_assert_float_eq(spec->scales[1], (float)scale_of(graph, 1));
  graph_free(graph);
}
END_TEST

/* What is no weight can have every code. */
START_TEST(operands_keep_their_zero_point) {
  Maker m = maker_new(13);
  Value *codes = integers(&m, "codes", ELEMENT_UINT8, SHAPE(2), (int[]){0, 255});
  Value *zero = integers(&m, "zero", ELEMENT_UINT8, SHAPE_SCALAR, (int[]){3});
  Value *reals =
      make_node(&m, "DequantizeLinear", "reals", (Value *[]){codes, make_number(&m, "step", 0.5f), zero}, 3);
  make_output(&m, make_node(&m, "Add", "y", (Value *[]){make_input(&m, "x", SHAPE(1, 2)), reals}, 2));
  maker_finish(&m);
  QdqTaken taken = take_all(m.graph);
  ck_assert_int_eq(taken.parameters, 1);
  ck_assert_int_eq(taken.rounded, 0);
  const QuantSpec *spec = graph_find_value(m.graph, "reals")->spec;
  ck_assert_int_eq(spec->zero_point, 3 - 128);
  ck_assert_float_eq(spec->scales[0], 0.5f);
  graph_free(m.graph);
}
END_TEST

/* MatMul with [32,2] codes of 4 bits, one scale for each 16 of an input's 32, made of `unit` and factors. */
static Graph *blocked(const int codes[64], const float factors[4], QdqTaken *taken) {
  Error err = {0};
  Maker m = maker_new(21);
  Value *w = integers(&m, "w", ELEMENT_INT4, SHAPE(32, 2), codes);
  Tensor *tensor = tensor_new(&m.graph->arena, ELEMENT_FLOAT32, &SHAPE(2, 2), &err);
  ck_assert_ptr_nonnull(tensor);
  for (int i = 0; i < 4; i++) tensor_set(tensor, i, (double)(factors[i] * 0.01f));
  Value *scales = graph_add_constant(m.graph, "scales", tensor, &err);
  Value *reals = make_node(&m, "DequantizeLinear", "reals", (Value *[]){w, scales}, 2);
  ck_assert_int_eq(node_set_int(m.graph, reals->producer, "axis", 0, &err), OK);
  ck_assert_int_eq(node_set_int(m.graph, reals->producer, "block_size", 16, &err), OK);
  make_output(&m, make_node(&m, "MatMul", "y", (Value *[]){make_input(&m, "x", SHAPE(1, 32)), reals}, 2));
  maker_finish(&m);
  *taken = take_all(m.graph);
  return m.graph;
}

START_TEST(blocks_with_whole_factors_become_groups) {
  int codes[64];
  QdqTaken taken;
  for (int i = 0; i < 64; i++) codes[i] = i % 15 - 7;
  Graph *graph = blocked(codes, (float[]){2, 3, 5, 1}, &taken);
  const Value *reals = graph_find_value(graph, "reals");
  ck_assert_ptr_nonnull(reals->spec);
  ck_assert_int_eq(taken.parameters, 1);
  ck_assert_int_eq(taken.rounded, 0);
  ck_assert_int_eq(reals->spec->bits, 4);
  ck_assert_int_eq(reals->spec->axis, 1);
  ck_assert_int_eq(reals->spec->group_size, 16);
  const double steps[4] = {0.02, 0.03, 0.05, 0.01};
  for (int i = 0; i < 64; i++)
    ck_assert_double_eq_tol(quant_step(reals->spec, &reals->shape, i), steps[i / 32 * 2 + i % 2], 1e-6);
  graph_free(graph);
}
END_TEST

START_TEST(other_blocks_are_rounded_anew) {
  int codes[64] = {0};
  QdqTaken taken;
  Graph *graph = blocked(codes, (float[]){2, 1, 3.14159265f, 1}, &taken);
  ck_assert_ptr_null(graph_find_value(graph, "reals")->spec);
  ck_assert_int_eq(taken.rounded, 1);
  graph_free(graph);
  codes[5] = -8;
  graph = blocked(codes, (float[]){2, 1, 3, 1}, &taken);
  ck_assert_ptr_null(graph_find_value(graph, "reals")->spec);
  graph_free(graph);
}
END_TEST

/* -8 has no place in 4 bits that are symmetric. */
START_TEST(codes_of_4_bits_may_take_8) {
  for (int low = -8; low <= -7; low++) {
    Maker m = maker_new(21);
    Value *w = integers(&m, "w", ELEMENT_INT4, SHAPE(1, 2), (int[]){low, 7});
    Value *reals = make_node(&m, "DequantizeLinear", "reals", (Value *[]){w, make_number(&m, "s", 0.5f)}, 2);
    make_output(&m, make_node(&m, "MatMul", "y", (Value *[]){make_input(&m, "x", SHAPE(1, 1)), reals}, 2));
    maker_finish(&m);
    QdqTaken taken = take_all(m.graph);
    ck_assert_int_eq(taken.widened, low == -8);
    ck_assert_int_eq(graph_find_value(m.graph, "reals")->spec->bits, low == -8 ? 8 : 4);
    ck_assert_float_eq(graph_find_value(m.graph, "reals")->spec->scales[0], 0.5f);
    graph_free(m.graph);
  }
}
END_TEST

Suite *suite_qdq_read(void) {
  Suite *suite = suite_create("qdq_read");
  TCase *tests = tcase_create("read");
  tcase_add_test(tests, pairs_are_taken_out);
  tcase_add_test(tests, what_is_no_pair_stays);
  tcase_add_test(tests, symmetric_constants_give_their_scales);
  tcase_add_test(tests, every_channel_may_have_its_zero_point);
  tcase_add_test(tests, codes_beyond_127_widen_a_scale);
  tcase_add_test(tests, blocks_with_whole_factors_become_groups);
  tcase_add_test(tests, other_blocks_are_rounded_anew);
  tcase_add_test(tests, codes_of_4_bits_may_take_8);
  tcase_add_test(tests, operands_keep_their_zero_point);
  suite_add_tcase(suite, tests);
  return suite;
}
