/* Schemes that keep activations in float32: which nodes get codes, whole networks, what is stored once. */
#include "formats/edge/edge_steps.h"
#include "quantize/float_scheme.h"
#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_quantize_float(void);

static NetCase c;

static void begin(void) {
  net_case_begin(&c);
}

static void end(void) {
  net_case_free(&c);
}

static QuantizeOptions weight_only(int bits, int group) {
  QuantizeOptions options = quantize_defaults();
  options.activations = ACTIVATIONS_FLOAT;
  options.weight_bits = bits;
  options.group_size = group;
  return options;
}

static int count_opcode(const char *name) {
  EdgeStep step;
  int count = 0;
  for (EdgeWalk walk = edge_walk(&c.file.model); edge_walk_next(&walk, &step);)
    count += strcmp(step.opcode, name) == 0;
  return count;
}

static bool is_exact; /* weights that codes of 4 bits hold exactly */

/* Normal numbers; or small multiples of 1/8, the largest first in each channel along axis 0 or 1. */
static Value *weight_of(Shape shape, uint64_t seed, float deviation, int axis) {
  int64_t count = shape_elements(&shape), inner = shape_product(&shape, axis + 1, shape.rank);
  float *values = net_case_noise(&c, count, seed, deviation);
  for (int64_t i = 0; is_exact && i < count; i++) {
    bool is_first = axis == 0 ? i % inner == 0 : i / inner / shape.dims[axis] == 0 && i % inner == 0;
    values[i] = (float)(is_first ? 7 : i * 37 % 15 - 7) * 0.125f;
  }
  return net_case_constant(&c, &shape, values);
}

static Value *node_of(const char *type, Value *x, Value *w) {
  return net_case_pair(&c, type, x, w);
}

/* Conv, Relu, pools of both kinds, depthwise and transposed convolution, matrix: [1,4,8,8] to [1,4,3]. */
static Value *picture_net(void) {
  int64_t two[2] = {2, 2}, pads[4] = {1, 1, 1, 1};
  Value *y = node_of("Conv", c.input, weight_of(SHAPE(32, 4, 3, 3), 1, 0.3f, 0));
  ck_assert_int_eq(node_set_ints(c.graph, y->producer, "pads", pads, 4, &c.err), OK);
  Value *pooled = net_case_node(&c, "MaxPool", net_case_node(&c, "Relu", y));
  ck_assert_int_eq(node_set_ints(c.graph, pooled->producer, "kernel_shape", two, 2, &c.err), OK);
  Value *depthwise = node_of("Conv", pooled, weight_of(SHAPE(32, 1, 3, 3), 3, 0.3f, 0));
  ck_assert_int_eq(node_set_int(c.graph, depthwise->producer, "group", 32, &c.err), OK);
  Value *wide = node_of("ConvTranspose", depthwise, weight_of(SHAPE(32, 16, 2, 2), 4, 0.2f, 1));
  Value *mean = net_case_node(&c, "AveragePool", wide);
  ck_assert_int_eq(node_set_ints(c.graph, mean->producer, "kernel_shape", two, 2, &c.err), OK);
  return node_of("MatMul", mean, weight_of(SHAPE(5, 3), 5, 0.5f, 1));
}

START_TEST(whole_network) {
  static const struct {
    int bits, group;
    double sqnr;
  } cases[] = {{8, 0, 38}, {4, 0, 14}, {4, 32, 14}};
  QuantizeOptions options = weight_only(cases[_i].bits, cases[_i].group);
  ck_assert_int_eq(net_case_quantize(&c, picture_net(), options), OK);
  ck_assert_msg(c.comparison.sqnr > cases[_i].sqnr, "%g dB", c.comparison.sqnr);
  ck_assert_int_eq(count_opcode("conv_f32_coded"), 3);
  ck_assert_int_eq(count_opcode("dwconv_f32_coded"), 1);
  ck_assert_int_eq(count_opcode("quantize") + count_opcode("dequantize") + count_opcode("conv_f32"), 0);
  for (int v = 0; v < c.graph->value_count; v++) {
    const Value *value = c.graph->values[v];
    if (value->constant == NULL && value->spec != NULL) ck_assert_int_eq(value->spec->kind, QUANT_FLOAT);
  }
}
END_TEST

START_TEST(whole_network_dynamic) {
  QuantizeOptions options = weight_only(_i, 32);
  options.activations = ACTIVATIONS_DYNAMIC;
  ck_assert_int_eq(net_case_quantize(&c, picture_net(), options), OK);
  ck_assert_msg(c.comparison.sqnr > (_i == 8 ? 30 : 14), "%g dB", c.comparison.sqnr);
  ck_assert_int_eq(count_opcode("conv_dynamic"), 4);
  ck_assert_int_eq(count_opcode("conv_f32_coded") + count_opcode("dwconv_f32_coded"), 0);
}
END_TEST

/* Weights that codes hold exactly: what is left is the order of additions. */
START_TEST(exact_weights_cost_nothing) {
  is_exact = true;
  Status status = net_case_quantize(&c, picture_net(), weight_only(4, 0));
  is_exact = false;
  ck_assert_int_eq(status, OK);
  ck_assert_msg(c.comparison.sqnr > 120, "%g dB", c.comparison.sqnr);
}
END_TEST

/* ---- what is stored once ---- */

static int64_t weight_bytes(void) {
  EdgeStep step;
  int64_t bytes = 0;
  for (EdgeWalk walk = edge_walk(&c.file.model); edge_walk_next(&walk, &step);) bytes += step.constant_bytes;
  return bytes;
}

/* Two matrices of the same weights: one constant. */
START_TEST(tied_weights_are_stored_once) {
  Value *flat = net_case_node(&c, "Flatten", c.input);
  Value *weight = weight_of(SHAPE(256, 256), 1, 0.1f, 1);
  Value *y = node_of("MatMul", net_case_node(&c, "Tanh", node_of("MatMul", flat, weight)), weight);
  ck_assert_int_eq(net_case_quantize(&c, y, weight_only(4, 32)), OK);
  ck_assert_int_eq(count_opcode("conv_f32_coded"), 2);
  ck_assert_msg(c.file.model.weights_bytes < 256 * 256 / 2 + 8192, "%u bytes", c.file.model.weights_bytes);
  ck_assert_int_ge(weight_bytes(), 2 * 256 * 256 / 2); /* read twice */
}
END_TEST

#define WORDS 8
#define DEEP 1024

/* A language model in small: rows of a table by index, and at the end the product with the table's transpose.
 */
START_TEST(tables_and_their_transpose_are_stored_once) {
  float *rows = net_case_noise(&c, WORDS * DEEP, 1, 0.1f),
        *turned = net_case_noise(&c, WORDS * DEEP, 1, 0.1f);
  for (int64_t i = 0; i < WORDS; i++)
    for (int64_t k = 0; k < DEEP; k++) turned[k * WORDS + i] = rows[i * DEEP + k];
  Value *word = net_case_node(&c, "ArgMax", c.input);
  ck_assert_int_eq(node_set_int(c.graph, word->producer, "axis", 3, &c.err), OK);
  ck_assert_int_eq(node_set_int(c.graph, word->producer, "keepdims", 0, &c.err), OK);
  Value *vector = node_of("Gather", net_case_constant(&c, &SHAPE(WORDS, DEEP), rows), word);
  Value *y = node_of("MatMul", net_case_node(&c, "Tanh", vector),
                     net_case_constant(&c, &SHAPE(DEEP, WORDS), turned));
  ck_assert_int_eq(net_case_quantize(&c, y, weight_only(_i, 32)), OK);
  ck_assert_int_eq(count_opcode("gather_coded"), 1);
  ck_assert_msg(c.comparison.sqnr > (_i == 8 ? 40 : 18), "%g dB", c.comparison.sqnr);
  ck_assert_msg((int)c.file.model.weights_bytes < WORDS * DEEP * _i / 8 + 1024, "%u bytes",
                c.file.model.weights_bytes);
}
END_TEST

/* The same net in integers, tables of 4 bits with a scale a row: codes of the result are made from them. */
START_TEST(tables_of_4_bits_in_integers) {
  QuantizeOptions options = quantize_defaults();
  options.weight_bits = 4;
  options.group_size = 32;
  float *rows = net_case_noise(&c, WORDS * DEEP, 1, 0.1f);
  for (int64_t i = 0; i < WORDS * DEEP; i++) rows[i] *= i < DEEP ? 1 : 0.01f; /* one row is large */
  Value *word = net_case_node(&c, "ArgMax", c.input),
        *table = net_case_constant(&c, &SHAPE(WORDS, DEEP), rows);
  ck_assert_int_eq(node_set_int(c.graph, word->producer, "axis", 3, &c.err), OK);
  Value *y = net_case_node(&c, "Tanh", node_of("Gather", table, word));
  ck_assert_int_eq(net_case_quantize(&c, y, options), OK);
  ck_assert_int_eq(count_opcode("gather_coded"), 1);
  ck_assert(edge_is_integer_only(&c.file.model));
  ck_assert_int_eq(table->spec->bits, 4);
  ck_assert_msg(c.comparison.sqnr > 18, "%g dB", c.comparison.sqnr);
}
END_TEST

/* ConvTranspose in groups: the factors go with the turned taps. Exact codes with factors of 1 and 2. */
START_TEST(transposed_groups) {
  static const ActivationForm forms[] = {ACTIVATIONS_FLOAT, ACTIVATIONS_DYNAMIC, ACTIVATIONS_8BIT};
  QuantizeOptions options = quantize_defaults();
  double sqnr[2];
  for (int grouped = 0; grouped < 2; grouped++) {
    net_case_free(&c);
    net_case_begin(&c);
    options.activations = forms[_i];
    options.weight_bits = 4;
    options.group_size = grouped ? 32 : 0;
    is_exact = true;
    Value *first = node_of("Conv", c.input, weight_of(SHAPE(64, 4, 1, 1), 1, 0.3f, 0));
    is_exact = false;
    Value *weight = weight_of(SHAPE(64, 3, 2, 2), 4, 0.2f, 1);
    float *values = (float *)(uintptr_t)weight->constant->data;
    for (int64_t i = 0; i < 64 * 3 * 4; i++) values[i] *= i % 4 == 1 ? 1 : i < 32 * 3 * 4 ? 0.2f : 0.01f;
    ck_assert_int_eq(net_case_quantize(&c, node_of("ConvTranspose", first, weight), options), OK);
    ck_assert_int_eq(weight->spec->group_size, grouped ? 32 : 0);
    sqnr[grouped] = c.comparison.sqnr;
  }
  ck_assert_msg(sqnr[1] > sqnr[0] + 1 && sqnr[1] > 17, "%g and %g dB", sqnr[0], sqnr[1]);
}
END_TEST

/* A matrix used as it is and transposed: its channels lie along different axes, so its codes differ. */
START_TEST(turned_weights_have_scales_of_their_own) {
  float *values = net_case_noise(&c, 256 * 256, 1, 0.1f);
  for (int64_t i = 0; i < 256; i++)
    for (int64_t j = 0; j < 256; j++) values[i * 256 + j] *= 0.05f + (float)j / 64;
  Value *weight = net_case_constant(&c, &SHAPE(256, 256), values);
  Value *y = node_of("Gemm", net_case_node(&c, "Flatten", c.input), weight);
  y = node_of("Gemm", net_case_node(&c, "Tanh", y), weight);
  ck_assert_int_eq(node_set_int(c.graph, y->producer, "transB", 1, &c.err), OK);
  ck_assert_int_eq(net_case_quantize(&c, y, weight_only(8, 0)), OK);
  ck_assert_msg(c.comparison.sqnr > 35, "%g dB", c.comparison.sqnr);
}
END_TEST

/* ---- which nodes ---- */

START_TEST(excluded_nodes_keep_their_weights) {
  Value *y = picture_net();
  c.choices.exclude = (const char *const[]){"MatMul", "ConvTranspose"};
  c.choices.exclude_count = 2;
  ck_assert_int_eq(net_case_quantize(&c, y, weight_only(8, 0)), OK);
  ck_assert_int_eq(count_opcode("conv_f32_coded"), 1);
  ck_assert_int_eq(count_opcode("conv_f32"), 1);
  ck_assert_int_eq(count_opcode("matmul_f32"), 1);
}
END_TEST

START_TEST(threads_do_not_matter) {
  void *bytes[2];
  size_t size[2];
  for (int i = 0; i < 2; i++) {
    QuantizeOptions options = weight_only(4, 32);
    options.pool = i == 0 ? NULL : pool_new(2, &c.err);
    ck_assert_int_eq(net_case_quantize(&c, picture_net(), options), OK);
    size[i] = c.size;
    bytes[i] = bytes_new(c.size, &c.err);
    memcpy(bytes[i], c.bytes, c.size);
    net_case_free(&c);
    net_case_begin(&c);
    pool_free(options.pool);
  }
  ck_assert_uint_eq(size[0], size[1]);
  ck_assert_mem_eq(bytes[0], bytes[1], size[0]);
  bytes_free(bytes[0]);
  bytes_free(bytes[1]);
}
END_TEST

Suite *suite_quantize_float(void) {
  Suite *suite = suite_create("quantize_float");
  TCase *tests = tcase_create("float");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, whole_network, 0, 3);
  tcase_add_loop_test(tests, whole_network_dynamic, 4, 5);
  tcase_add_loop_test(tests, whole_network_dynamic, 8, 9);
  tcase_add_test(tests, exact_weights_cost_nothing);
  tcase_add_test(tests, tied_weights_are_stored_once);
  tcase_add_loop_test(tests, tables_and_their_transpose_are_stored_once, 4, 5);
  tcase_add_loop_test(tests, tables_and_their_transpose_are_stored_once, 8, 9);
  tcase_add_test(tests, tables_of_4_bits_in_integers);
  tcase_add_loop_test(tests, transposed_groups, 0, 3);
  tcase_add_test(tests, turned_weights_have_scales_of_their_own);
  tcase_add_test(tests, excluded_nodes_keep_their_weights);
  tcase_add_test(tests, threads_do_not_matter);
  suite_add_tcase(suite, tests);
  return suite;
}
