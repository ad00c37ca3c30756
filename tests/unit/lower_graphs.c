/* Small graphs of several nodes: what is fused, what lies how, what is copied, what is refused. */
#include "tests/support/lower_case.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

/* ---- making graphs ---- */

static void start(LowerCase *c) {
  *c = (LowerCase){0};
  c->graph = graph_new(&c->err);
  Opset *opsets = arena_new(&c->graph->arena, 1, sizeof *opsets, &c->err);
  *opsets = (Opset){"", 17};
  c->graph->opsets = opsets;
  c->graph->opset_count = 1;
}

static Tensor *random_tensor(LowerCase *c, const Shape *shape, uint64_t seed, double size) {
  Tensor *tensor = tensor_new(&c->graph->arena, ELEMENT_FLOAT32, shape, &c->err);
  Random random = {seed};
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, size * (2 * random_unit(&random) - 1));
  return tensor;
}

static Value *input(LowerCase *c, Shape shape) {
  int i = c->graph->input_count;
  char name[16];
  snprintf(name, sizeof name, "x%d", i);
  c->inputs[i] = random_tensor(c, &shape, (uint64_t)i + 1, 2);
  return graph_add_input(c->graph, name, ELEMENT_FLOAT32, &shape, &c->err);
}

static Value *weight(LowerCase *c, Shape shape) {
  const char *name = graph_unused_name(c->graph, "w", &c->err);
  return graph_add_constant(c->graph, name,
                            random_tensor(c, &shape, (uint64_t)c->graph->value_count + 100, 0.5), &c->err);
}

static Node *node(LowerCase *c, const char *type, Value *a, Value *b, Value *d, const char *out) {
  Value *inputs[] = {a, b, d};
  int count = d != NULL ? 3 : b != NULL ? 2 : 1;
  Value *output = graph_add_value(c->graph, out, &c->err);
  const char *name = graph_unused_name(c->graph, type, &c->err);
  return graph_add_node(c->graph, name, "", type, inputs, count, &output, 1, &c->err);
}

static Value *op(LowerCase *c, const char *type, Value *a, Value *b, const char *out) {
  return node(c, type, a, b, NULL, out)->outputs[0];
}

static Value *conv(LowerCase *c, Value *x, int64_t in, int64_t out, int64_t group, const char *name) {
  Value *w = weight(c, SHAPE(out, in / group, 3, 3)), *bias = weight(c, SHAPE(out));
  Node *made = node(c, "Conv", x, w, bias, name);
  node_set_ints(c->graph, made, "pads", (int64_t[]){1, 1, 1, 1}, 4, &c->err);
  node_set_int(c->graph, made, "group", group, &c->err);
  return made->outputs[0];
}

static Value *transpose(LowerCase *c, Value *x, const int64_t *perm, const char *name) {
  Node *made = node(c, "Transpose", x, NULL, NULL, name);
  node_set_ints(c->graph, made, "perm", perm, 4, &c->err);
  return made->outputs[0];
}

static void finish(LowerCase *c, Value *output) {
  ck_assert_int_eq(graph_add_output(c->graph, output, &c->err), OK);
  ck_assert_int_eq(graph_refresh(c->graph, &c->err), OK);
  ck_assert_msg(op_bind_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  ck_assert_msg(op_infer_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  ck_assert_msg(lower_case_specs(c) == OK, "%s", c->err.text);
}

/* The value exists only inside its producer; `scales` 0: clamped by its user, 1: through its user's table. */
static void make_internal(LowerCase *c, const char *name, int scales) {
  Value *value = graph_find_value(c->graph, name);
  QuantSpec *spec = arena_new(&c->graph->arena, 1, sizeof *spec, &c->err);
  *spec = *value->spec;
  spec->kind = QUANT_INTERNAL;
  spec->scale_count = scales;
  value->spec = spec;
}

static int count(const LowerCase *c, EdgeOpcode opcode) {
  int found = 0;
  for (int i = 0; i < c->program.instruction_count; i++) found += c->program.instructions[i].opcode == opcode;
  return found;
}

static void runs_within(LowerCase *c, double steps) {
  ck_assert_msg(lower_case_run(c) == OK, "%s", c->err.text);
  double error = lower_case_error(c, 0);
  ck_assert_msg(error <= steps, "differs by %g steps, %g are allowed", error, steps);
}

/* ---- tests ---- */

START_TEST(conv_relu_pool_gemm) {
  LowerCase c;
  start(&c);
  Value *y = conv(&c, input(&c, SHAPE(1, 3, 8, 8)), 3, 6, 1, "conv");
  y = op(&c, "Relu", y, NULL, "relu");
  y = op(&c, "GlobalAveragePool", y, NULL, "pool");
  y = op(&c, "Flatten", y, NULL, "flat");
  Value *w = weight(&c, SHAPE(6, 4)), *bias = weight(&c, SHAPE(4));
  finish(&c, node(&c, "Gemm", y, w, bias, "scores")->outputs[0]);
  make_internal(&c, "conv", 0);
  runs_within(&c, 3);
  ck_assert_int_eq(count(&c, EDGE_OP_COPY), 1); /* the input to channels-last; flattening is free */
  ck_assert_int_eq(count(&c, EDGE_OP_CONV), 2);
  ck_assert_int_eq(c.program.instruction_count, 4);
  ck_assert_str_eq(c.program.instructions[1].layer, "relu");
  ck_assert_str_eq(c.program.instructions[0].layer, "");
  ck_assert(c.program.integer_only);
  lower_case_free(&c);
}
END_TEST

START_TEST(depthwise_and_table) {
  LowerCase c;
  start(&c);
  Value *y = conv(&c, input(&c, SHAPE(2, 4, 5, 7)), 4, 8, 4, "conv");
  finish(&c, op(&c, "HardSwish", y, NULL, "y"));
  make_internal(&c, "conv", 1);
  runs_within(&c, 2.5);
  ck_assert_int_eq(count(&c, EDGE_OP_DWCONV), 1);
  ck_assert_int_eq(count(&c, EDGE_OP_TABLE), 0);
  lower_case_free(&c);
}
END_TEST

/* The bias of a MatMul is an Add, and a table follows. */
START_TEST(matmul_add_table) {
  LowerCase c;
  start(&c);
  Value *y = op(&c, "MatMul", input(&c, SHAPE(2, 3, 5)), weight(&c, SHAPE(5, 6)), "product");
  y = op(&c, "Add", weight(&c, SHAPE(6)), y, "sum");
  finish(&c, op(&c, "Tanh", y, NULL, "y"));
  make_internal(&c, "product", 0);
  make_internal(&c, "sum", 1);
  runs_within(&c, 2.5);
  ck_assert_int_eq(c.program.instruction_count, 1);
  ck_assert_str_eq(c.program.instructions[0].layer, "y");
  lower_case_free(&c);
}
END_TEST

START_TEST(sum_with_clamp) {
  LowerCase c;
  start(&c);
  Value *a = input(&c, SHAPE(1, 3, 4, 4)), *b = input(&c, SHAPE(1, 3, 1, 4));
  finish(&c, op(&c, "Relu", op(&c, "Add", a, b, "sum"), NULL, "y"));
  make_internal(&c, "sum", 0);
  runs_within(&c, 0.52);
  ck_assert_int_eq(c.program.instruction_count, 1);
  lower_case_free(&c);
}
END_TEST

/* Channels-last flows through Concat and Add: only input and output are turned. */
START_TEST(branches_stay_channels_last) {
  LowerCase c;
  start(&c);
  Value *x = input(&c, SHAPE(1, 2, 5, 5));
  Value *a = conv(&c, x, 2, 3, 1, "a"), *b = conv(&c, x, 2, 5, 1, "b");
  Node *concat = node(&c, "Concat", a, b, NULL, "both");
  node_set_int(c.graph, concat, "axis", 1, &c.err);
  finish(&c, op(&c, "Add", concat->outputs[0], weight(&c, SHAPE(8, 1, 1)), "y"));
  runs_within(&c, 3);
  ck_assert_int_eq(count(&c, EDGE_OP_COPY), 4); /* in, two parts, out */
  lower_case_free(&c);
}
END_TEST

/* A model in channels-last order between transposes costs no copies at all. */
START_TEST(transposes_vanish) {
  LowerCase c;
  start(&c);
  Value *y = transpose(&c, input(&c, SHAPE(1, 6, 5, 3)), (int64_t[]){0, 3, 1, 2}, "nchw");
  y = conv(&c, y, 3, 4, 1, "conv");
  finish(&c, transpose(&c, y, (int64_t[]){0, 2, 3, 1}, "y"));
  runs_within(&c, 0.52);
  ck_assert_int_eq(c.program.instruction_count, 1);
  lower_case_free(&c);
}
END_TEST

/* The order matters to what follows: one copy back. */
START_TEST(flatten_of_an_image_is_turned) {
  LowerCase c;
  start(&c);
  Value *y = conv(&c, input(&c, SHAPE(1, 1, 4, 4)), 1, 3, 1, "conv");
  y = op(&c, "Flatten", y, NULL, "flat");
  finish(&c, op(&c, "MatMul", y, weight(&c, SHAPE(48, 5)), "y"));
  runs_within(&c, 12);
  ck_assert_int_eq(count(&c, EDGE_OP_COPY), 1); /* one channel: the input needs none */
  ck_assert_int_eq(c.program.instruction_count, 3);
  lower_case_free(&c);
}
END_TEST

START_TEST(float_stands_between_conversions) {
  LowerCase c;
  start(&c);
  Value *y = op(&c, "MatMul", input(&c, SHAPE(3, 4)), weight(&c, SHAPE(4, 5)), "product");
  finish(&c, op(&c, "LogSoftmax", y, NULL, "y"));
  ck_assert_msg(lower_case_run(&c) == OK, "%s", c.err.text);
  ck_assert_int_eq(count(&c, EDGE_OP_DEQUANTIZE), 1);
  ck_assert_int_eq(count(&c, EDGE_OP_QUANTIZE), 0);
  ck_assert(!c.program.integer_only);
  ck_assert_double_le(lower_case_error(&c, 0), 0.1);
  lower_case_free(&c);
}
END_TEST

START_TEST(all_unsupported_nodes_are_listed) {
  LowerCase c;
  start(&c);
  Value *y = op(&c, "Hardmax", input(&c, SHAPE(2, 4)), NULL, "first");
  finish(&c, op(&c, "LpNormalization", y, NULL, "second"));
  ck_assert_int_eq(lower_graph(c.graph, &c.program, &c.err), UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(c.err.text, "2 nodes"));
  ck_assert_ptr_nonnull(strstr(c.err.text, "(Hardmax)"));
  ck_assert_ptr_nonnull(strstr(c.err.text, "(LpNormalization)"));
  lower_case_free(&c);
}
END_TEST

/* A bias that does not fit 32 bits at its weights' scale. */
START_TEST(overflowing_bias_is_refused) {
  LowerCase c;
  start(&c);
  Value *w = weight(&c, SHAPE(4, 2)), *bias = weight(&c, SHAPE(2));
  for (int i = 0; i < 8; i++) ((float *)w->constant->data)[i] *= 1e-9F;
  Node *gemm = node(&c, "Gemm", input(&c, SHAPE(1, 4)), w, bias, "y");
  finish(&c, gemm->outputs[0]);
  ck_assert_int_eq(lower_graph(c.graph, &c.program, &c.err), UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(c.err.text, gemm->name));
  ck_assert_ptr_nonnull(strstr(c.err.text, "overflow"));
  lower_case_free(&c);
}
END_TEST

START_TEST(constant_and_input_as_outputs) {
  LowerCase c;
  start(&c);
  Value *x = input(&c, SHAPE(2, 3)), *w = weight(&c, SHAPE(2, 2));
  ck_assert_int_eq(graph_add_output(c.graph, w, &c.err), OK);
  ck_assert_int_eq(graph_add_output(c.graph, x, &c.err), OK);
  finish(&c, op(&c, "Abs", x, NULL, "y"));
  w->spec = lower_case_kind(c.graph, QUANT_FLOAT);
  runs_within(&c, 0);
  ck_assert_double_le(lower_case_error(&c, 1), 0.001);
  ck_assert_double_le(lower_case_error(&c, 2), 0.52);
  lower_case_free(&c);
}
END_TEST

/* Equal constants are stored once; what no output needs is gone. */
START_TEST(small_programs) {
  LowerCase c;
  start(&c);
  Value *x = input(&c, SHAPE(1, 4));
  op(&c, "Tanh", x, NULL, "unused");
  Value *a = op(&c, "Relu", x, NULL, "a"), *b = op(&c, "Relu", x, NULL, "b");
  finish(&c, op(&c, "Add", a, b, "y"));
  runs_within(&c, 1.6);
  ck_assert_int_eq(count(&c, EDGE_OP_TABLE), 2);
  ck_assert_uint_eq(c.program.weights_bytes, 256);
  lower_case_free(&c);
}
END_TEST

Suite *suite_lower_graphs(void);
Suite *suite_lower_graphs(void) {
  Suite *suite = suite_create("lower_graphs");
  TCase *tests = tcase_create("graphs");
  tcase_add_test(tests, conv_relu_pool_gemm);
  tcase_add_test(tests, depthwise_and_table);
  tcase_add_test(tests, matmul_add_table);
  tcase_add_test(tests, sum_with_clamp);
  tcase_add_test(tests, branches_stay_channels_last);
  tcase_add_test(tests, transposes_vanish);
  tcase_add_test(tests, flatten_of_an_image_is_turned);
  tcase_add_test(tests, float_stands_between_conversions);
  tcase_add_test(tests, all_unsupported_nodes_are_listed);
  tcase_add_test(tests, overflowing_bias_is_refused);
  tcase_add_test(tests, constant_and_input_as_outputs);
  tcase_add_test(tests, small_programs);
  suite_add_tcase(suite, tests);
  return suite;
}
