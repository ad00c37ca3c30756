/* Single nodes that stay in float or have other bits, and what the bytes of the written file are for. */
#include "formats/edge/edge_parts.h"
#include "formats/edge/edge_steps.h"
#include "tests/support/net_case.h"

#include <check.h>
#include <string.h>

Suite *suite_quantize_choice(void);

#define WEIGHTS (NET_CHANNELS * NET_CHANNELS * 9)

static NetCase c;
static Value *first, *relu, *second, *last; /* Conv, Relu, Conv, GlobalAveragePool */

static void begin(void) {
  net_case_begin(&c);
  first = net_case_conv(&c, c.input, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, 1, 0.3f), NULL);
  relu = net_case_node(&c, "Relu", first);
  float bias[NET_CHANNELS] = {0.1f, -0.2f, 0.3f, 0};
  second = net_case_conv(&c, relu, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, 2, 0.3f), bias);
  last = net_case_node(&c, "GlobalAveragePool", second);
}

static void end(void) {
  net_case_free(&c);
}

static int count(const char *opcode) {
  EdgeStep step;
  int found = 0;
  for (EdgeWalk walk = edge_walk(&c.file.model); edge_walk_next(&walk, &step);)
    found += strcmp(step.opcode, opcode) == 0;
  return found;
}

static void exclude(const char *const *patterns, int number) {
  c.choices.exclude = patterns;
  c.choices.exclude_count = number;
  Status status = net_case_quantize(&c, last, quantize_defaults());
  ck_assert_msg(status == OK, "%s", c.err.text);
}

START_TEST(nothing_is_excluded) {
  exclude(NULL, 0);
  ck_assert(edge_is_integer_only(&c.file.model));
  ck_assert_int_eq(count("conv"), 2);
}
END_TEST

/* The convolution and the Relu behind it run in float in the file; the other one in integers. */
START_TEST(excluded_nodes_run_in_float) {
  const char *name = second->producer->name;
  exclude(&name, 1);
  ck_assert_int_eq(count("conv_f32"), 1);
  ck_assert_int_eq(count("conv"), 1);
  ck_assert_ptr_nonnull(strstr(second->producer->float_reason, "excluded by --exclude "));
  ck_assert_ptr_null(first->producer->float_reason);
}
END_TEST

START_TEST(a_function_goes_with_its_input) {
  const char *name = first->producer->name;
  exclude(&name, 1);
  ck_assert_int_eq(count("conv_f32"), 1);
  ck_assert_int_eq(count("unary_f32"), 1);
  ck_assert_ptr_nonnull(strstr(relu->producer->float_reason, "goes with its input: excluded by"));
}
END_TEST

/* A Relu that was named alone leaves its convolution in integers. */
START_TEST(outputs_and_operators_name_nodes_too) {
  exclude((const char *const[]){relu->name}, 1);
  ck_assert_int_eq(count("unary_f32"), 1);
  ck_assert_int_eq(count("conv"), 2);
}
END_TEST

START_TEST(everything_in_float_is_exact) {
  exclude((const char *const[]){"Co*", "Global*"}, 2);
  ck_assert_int_eq(count("conv_f32"), 2);
  ck_assert_int_eq(count("quantize") + count("dequantize"), 0);
  ck_assert_msg(c.comparison.sqnr > 100, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

START_TEST(float_layers_make_less_noise) {
  exclude(NULL, 0);
  double whole = c.comparison.sqnr;
  end();
  begin();
  exclude((const char *const[]){first->producer->name, "GlobalAveragePool"}, 2);
  ck_assert_msg(c.comparison.sqnr > whole, "SQNR %.1f dB against %.1f", c.comparison.sqnr, whole);
}
END_TEST

START_TEST(only_included_nodes_are_quantized) {
  const char *name = first->producer->name;
  c.choices.include = &name;
  c.choices.include_count = 1;
  ck_assert_int_eq(net_case_quantize(&c, last, quantize_defaults()), OK);
  ck_assert_int_eq(count("conv"), 1);
  ck_assert_int_eq(count("conv_f32"), 1);
  ck_assert_int_eq(count("unary_f32"), 0); /* the Relu is part of the chosen convolution */
  ck_assert_str_eq(second->producer->float_reason, "not chosen by --include");
}
END_TEST

/* A Reshape between two float nodes moves floats; next to an integer one it moves codes. */
START_TEST(moves_take_the_form_of_their_neighbours) {
  int64_t dims[] = {1, NET_CHANNELS, NET_SIDE * NET_SIDE};
  Tensor *shape = tensor_new(&c.graph->arena, ELEMENT_INT64, &SHAPE(3), &c.err);
  memcpy(shape->data, dims, sizeof dims);
  Value *target = graph_add_constant(c.graph, "target", shape, &c.err);
  Value *flat = net_case_pair(&c, "Reshape", second, target);
  last = net_case_node(&c, "Softmax", flat);
  exclude((const char *const[]){second->producer->name, "Softmax"}, 2);
  ck_assert_int_eq(flat->spec->kind, QUANT_FLOAT);
  ck_assert_int_eq(count("quantize"), 0);
  ck_assert_int_eq(count("dequantize"), 1);
}
END_TEST

static void refuse(NodeChoices choices, Status status, const char *words) {
  c.choices = choices;
  ck_assert_int_eq(net_case_quantize(&c, last, quantize_defaults()), status);
  ck_assert_msg(strstr(c.err.text, words) != NULL, "%s", c.err.text);
}

START_TEST(patterns_without_a_match_are_refused) {
  refuse((NodeChoices){.exclude = (const char *const[]){"Conw"}, .exclude_count = 1}, BAD_USAGE,
         "--exclude Conw matches no node; did you mean 'Conv'?");
}
END_TEST

START_TEST(patterns_far_from_all_names_list_the_operators) {
  refuse((NodeChoices){.include = (const char *const[]){"/block3/*"}, .include_count = 1}, BAD_USAGE,
         "(here: Conv, Relu, GlobalAveragePool)");
}
END_TEST

START_TEST(bits_are_for_weights) {
  const BitsChoice relus = {.pattern = "Relu", .bits = 8};
  refuse((NodeChoices){.bits = &relus, .bits_count = 1}, BAD_USAGE, "no constant weights");
}
END_TEST

START_TEST(the_last_bits_count) {
  const BitsChoice bits[] = {{.pattern = "Conv", .bits = 4}, {.pattern = second->producer->name, .bits = 8}};
  const Value *weights[] = {first->producer->inputs[1], second->producer->inputs[1]};
  c.choices = (NodeChoices){.bits = bits, .bits_count = 2};
  ck_assert_int_eq(net_case_quantize(&c, last, quantize_defaults()), OK);
  ck_assert_int_eq(weights[0]->spec->bits, 4);
  ck_assert_int_eq(weights[1]->spec->bits, 8);
  ck_assert_int_eq(last->producer->weight_bits, 0);
}
END_TEST

/* ---- bytes ---- */

static void check_parts(void) {
  EdgeParts parts;
  int64_t sum = 0;
  edge_parts(c.bytes, c.size, &parts);
  for (int i = 0; i < parts.count; i++) sum += parts.parts[i].bytes;
  ck_assert_int_eq(sum, (int64_t)c.size);
}

START_TEST(parts_add_up_to_the_file) {
  exclude(NULL, 0);
  check_parts();
  end();
  begin();
  exclude((const char *const[]){"Relu"}, 1);
  check_parts();
}
END_TEST

static int64_t constant_bytes(const EdgeConstants *constants, const char *layer, int operand) {
  for (int i = 0; i < constants->count; i++)
    if (strcmp(constants->constants[i].layer, layer) == 0 && constants->constants[i].operand == operand)
      return constants->constants[i].bytes;
  return -1;
}

/* What the specs say that weights and biases take is what they take in the file: the first in 4 bits. */
START_TEST(predicted_bytes_are_written_bytes) {
  const BitsChoice four = {.pattern = first->producer->name, .bits = 4};
  c.choices = (NodeChoices){.bits = &four, .bits_count = 1};
  Arena arena = {0};
  EdgeConstants constants;
  exclude(NULL, 0);
  ck_assert_int_eq(edge_constants(&constants, &c.file.model, &arena, &c.err), OK);
  const Value *weight = second->producer->inputs[1], *bias = second->producer->inputs[2];
  ck_assert_int_eq(constant_bytes(&constants, relu->name, 1), WEIGHTS / 2);
  ck_assert_int_eq(constant_bytes(&constants, second->name, 1),
                   tensor_elements(weight->constant) * weight->spec->bits / 8);
  ck_assert_int_eq(constant_bytes(&constants, second->name, 2),
                   tensor_elements(bias->constant) * bias->spec->bits / 8);
  int64_t sum = constants.gaps;
  for (int i = 0; i < constants.count; i++) sum += constants.constants[i].bytes;
  ck_assert_int_eq(sum, edge_sizes(&c.file).weights);
  ck_assert_int_ge(constants.gaps, 0);
  arena_free(&arena);
}
END_TEST

Suite *suite_quantize_choice(void) {
  Suite *suite = suite_create("quantize_choice");
  TCase *tests = tcase_create("choice");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, nothing_is_excluded);
  tcase_add_test(tests, excluded_nodes_run_in_float);
  tcase_add_test(tests, a_function_goes_with_its_input);
  tcase_add_test(tests, outputs_and_operators_name_nodes_too);
  tcase_add_test(tests, everything_in_float_is_exact);
  tcase_add_test(tests, float_layers_make_less_noise);
  tcase_add_test(tests, only_included_nodes_are_quantized);
  tcase_add_test(tests, moves_take_the_form_of_their_neighbours);
  tcase_add_test(tests, patterns_without_a_match_are_refused);
  tcase_add_test(tests, patterns_far_from_all_names_list_the_operators);
  tcase_add_test(tests, bits_are_for_weights);
  tcase_add_test(tests, the_last_bits_count);
  tcase_add_test(tests, parts_add_up_to_the_file);
  tcase_add_test(tests, predicted_bytes_are_written_bytes);
  suite_add_tcase(suite, tests);
  return suite;
}
