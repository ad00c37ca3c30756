/* Models of quantized operators that come in: what becomes of them, what they compute, and what is refused.
 */
#include "quantize/qop_read.h"
#include "interpreter/fold.h"
#include "quantize/qdq_read.h"
#include "tests/support/net_case.h"
#include "tests/support/qop_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_qop_read(void);

static void read_ok(Graph *graph) {
  Error err = {0};
  ck_assert_msg(qop_read(graph, &err) == OK, "%s", err.text);
}

static double largest_difference(const Graph *a, const Graph *b) {
  Arena arena = {0};
  const Tensor *left = graph_compute(a, 0, &arena), *right = graph_compute(b, 0, &arena);
  double most = 0;
  ck_assert(shape_equals(&left->shape, &right->shape));
  for (int64_t i = 0; i < tensor_elements(left); i++)
    most = fmax(most, fabs(tensor_get(left, i) - tensor_get(right, i)));
  arena_free(&arena);
  return most;
}

/* ---- operators with scales ---- */

/* The rewritten graph rounds where the operators do. */
START_TEST(a_net_computes_the_same) {
  Graph *own = qop_case_net(), *rewritten = qop_case_net();
  read_ok(rewritten);
  for (int n = 0; n < rewritten->node_count; n++) {
    ck_assert_str_eq(rewritten->nodes[n]->domain, "");
    ck_assert_msg(strncmp(rewritten->nodes[n]->type, "QLinear", 7) != 0, "%s", rewritten->nodes[n]->type);
  }
  ck_assert_double_le(largest_difference(own, rewritten), 1e-6);
  graph_free(own);
  graph_free(rewritten);
}
END_TEST

/* Every scale is kept, no code of a weight is lost. */
START_TEST(parameters_are_kept) {
  Error err = {0};
  QdqTaken taken;
  Graph *graph = qop_case_net();
  ck_assert_msg(qdq_read(graph, &taken, &err) == OK, "%s", err.text);
  for (int n = 0; n < graph->node_count; n++) /* what is left is dead, for the passes to drop */
    if (node_is(graph->nodes[n], "QuantizeLinear"))
      ck_assert_int_eq(graph->nodes[n]->outputs[0]->user_count, 0);
  ck_assert_int_eq(taken.rounded, 0);
  ck_assert_int_eq(taken.parameters, 13 + 3); /* of activations, of weights */
  graph_free(graph);
}
END_TEST

/* The whole way, against the operators' own meaning: one code apart at the most. */
START_TEST(an_edge_file_gives_the_same_codes) {
  NetCase c;
  QdqTaken taken;
  net_case_begin(&c);
  graph_free(c.graph);
  c.graph = qop_case_net();
  c.input = c.graph->inputs[0];
  Graph *own = qop_case_net();
  ck_assert_msg(qdq_read(c.graph, &taken, &c.err) == OK, "%s", c.err.text);
  QuantizeOptions options = quantize_defaults();
  options.output_8bit = true;
  PassReport passes;
  ck_assert_msg(passes_run(c.graph, &interpreter_pass_hooks, &passes, &c.err) == OK, "%s", c.err.text);
  ck_assert_msg(net_case_run(&c, own, options) == OK, "%s", c.err.text);
  ck_assert_int_eq(c.report.float_nodes, 0);
  ck_assert(edge_is_integer_only(&c.file.model));
  ck_assert_msg(c.comparison.largest_error <= QOP_CASE_STEP * 1.001, "%g", c.comparison.largest_error);
  graph_free(own);
  net_case_free(&c);
}
END_TEST

/* ---- products of codes ---- */

/* x [1,4] -> codes -> MatMulInteger [4,3] -> Cast -> Mul; `dynamic`: DynamicQuantizeLinear makes the codes.
 */
static Graph *integer_product(bool is_dynamic, bool is_per_channel) {
  Error err = {0};
  Maker m = qop_case_begin(13);
  Value *x = make_input(&m, "x", SHAPE(1, 4)), *scale = make_number(&m, "x_scale", 0.02f);
  Value *zero = qop_case_integers(&m, "x_zero", ELEMENT_UINT8, SHAPE_SCALAR, (int[]){128});
  Value *codes = NULL;
  if (is_dynamic) {
    codes = make_node(&m, "DynamicQuantizeLinear", "codes", &x, 1);
    Value *outputs[3] = {codes, graph_add_value(m.graph, "scale", &err),
                         graph_add_value(m.graph, "zero", &err)};
    Node *node = codes->producer;
    node->outputs =
        (Value **)memcpy(arena_new(&m.graph->arena, 3, sizeof *outputs, &err), outputs, sizeof outputs);
    node->output_count = 3;
    outputs[1]->producer = outputs[2]->producer = node;
    scale = outputs[1];
    zero = outputs[2];
  } else {
    codes = make_node(&m, "QuantizeLinear", "codes", (Value *[]){x, scale, zero}, 3);
  }
  Value *weight = qop_case_codes(&m, "w", ELEMENT_INT8, SHAPE(4, 3), -127, 127);
  Value *w_zero = qop_case_integers(&m, "w_zero", ELEMENT_INT8, SHAPE_SCALAR, (int[]){0});
  Value *w_scale = qop_case_floats(&m, "w_scale", is_per_channel ? 3 : 1, 0.01f, 0.003f);
  Value *sum = make_node(&m, "MatMulInteger", "sum", (Value *[]){codes, weight, zero, w_zero}, 4);
  Value *real = make_node(&m, "Cast", "real", &sum, 1);
  ck_assert_int_eq(node_set_int(m.graph, real->producer, "to", ELEMENT_FLOAT32, &err), OK);
  Value *factor = make_node(&m, "Mul", "factor", (Value *[]){scale, w_scale}, 2);
  make_output(&m, make_node(&m, "Mul", "y", (Value *[]){real, factor}, 2));
  maker_finish(&m);
  return m.graph;
}

static void check_product(bool is_dynamic, bool is_per_channel) {
  Graph *own = integer_product(is_dynamic, is_per_channel);
  Graph *rewritten = integer_product(is_dynamic, is_per_channel);
  read_ok(rewritten);
  ck_assert_int_eq(graph_count(rewritten, "MatMul"), 1);
  ck_assert_int_eq(graph_count(rewritten, "Cast"), 0);
  const Node *product = rewritten->outputs[0]->producer;
  ck_assert(node_is(product, "MatMul"));
  const Tensor *scales = node_constant(product->inputs[1]->producer, 1);
  ck_assert_int_eq(tensor_elements(scales), is_per_channel ? 3 : 1);
  ck_assert_float_eq_tol((float)tensor_get(scales, 0), 0.01f, 1e-8f);
  /* rounding of the input is gone where its scale is found at run time */
  ck_assert_double_le(largest_difference(own, rewritten), is_dynamic ? 4 * 1.27 * 0.016 / 2 : 1e-5);
  graph_free(own);
  graph_free(rewritten);
}

START_TEST(products_of_codes_become_real_ones) {
  check_product(false, false);
  check_product(false, true);
  check_product(true, false);
  check_product(true, true);
}
END_TEST

/* ---- what cannot be ---- */

static void expect(Graph *graph, Status status, const char *words) {
  Error err = {0};
  ck_assert_int_eq(qop_read(graph, &err), status);
  ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
  graph_free(graph);
}

START_TEST(computed_scales_are_refused) {
  Maker m = qop_case_begin(13);
  Value *x = make_input(&m, "x", SHAPE(1, 4)), *s = make_number(&m, "s", 0.5f);
  Value *zero = qop_case_integers(&m, "zero", ELEMENT_UINT8, SHAPE_SCALAR, (int[]){3});
  Value *computed = make_node(&m, "Abs", "computed", (Value *[]){make_input(&m, "scale", SHAPE(1))}, 1);
  Value *codes = make_node(&m, "QuantizeLinear", "codes", (Value *[]){x, s, zero}, 3);
  Value *y = qop_case_node(&m, "QLinearSigmoid", "y", (Value *[]){codes, computed, zero, s, zero}, 5);
  make_output(&m, y);
  maker_finish(&m);
  expect(m.graph, UNSUPPORTED, "node 'y' (QLinearSigmoid): input 1 is computed at run time");
}
END_TEST

START_TEST(scales_are_positive) {
  Maker m = qop_case_begin(13);
  Value *x = make_input(&m, "x", SHAPE(1, 4)), *s = make_number(&m, "s", 0.5f);
  Value *zero = qop_case_integers(&m, "zero", ELEMENT_UINT8, SHAPE_SCALAR, (int[]){3});
  Value *codes = make_node(&m, "QuantizeLinear", "codes", (Value *[]){x, s, zero}, 3);
  Value *wrong = make_number(&m, "wrong", -0.25f);
  make_output(&m, qop_case_node(&m, "QLinearSigmoid", "y", (Value *[]){codes, s, zero, wrong, zero}, 5));
  maker_finish(&m);
  expect(m.graph, BAD_INPUT, "scale -0.25 (input 3) is no positive number");
}
END_TEST

Suite *suite_qop_read(void) {
  Suite *suite = suite_create("qop_read");
  TCase *tests = tcase_create("read");
  tcase_add_test(tests, a_net_computes_the_same);
  tcase_add_test(tests, parameters_are_kept);
  tcase_add_test(tests, an_edge_file_gives_the_same_codes);
  tcase_add_test(tests, products_of_codes_become_real_ones);
  tcase_add_test(tests, computed_scales_are_refused);
  tcase_add_test(tests, scales_are_positive);
  suite_add_tcase(suite, tests);
  return suite;
}
