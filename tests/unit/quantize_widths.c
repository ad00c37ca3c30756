/* Which values have 16 bits: operands of sums, all by the scheme, and the results of chosen nodes. */
#include "tests/support/net_case.h"

#include <check.h>
#include <string.h>

Suite *suite_quantize_widths(void);

#define WEIGHTS (NET_CHANNELS * NET_CHANNELS * 9)

static NetCase c;

static void begin(void) {
  net_case_begin(&c);
}

static void end(void) {
  net_case_free(&c);
}

static Value *conv(Value *x, uint64_t seed) {
  return net_case_conv(&c, x, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, seed, 0.2f),
                       net_case_noise(&c, NET_CHANNELS, seed + 1, 0.1f));
}

static QuantizeOptions wide(void) {
  QuantizeOptions options = quantize_defaults();
  options.activations = ACTIVATIONS_16BIT;
  return options;
}

/* The network of each kind of instruction that reads 16 bits. */
static Value *net(void) {
  Value *x = net_case_node(&c, "Relu", conv(c.input, 1));
  Value *left = net_case_node(&c, "HardSwish", conv(x, 3)), *right = net_case_node(&c, "Sigmoid", conv(x, 5));
  Value *joined =
      net_case_pair(&c, "Concat", net_case_pair(&c, "Mul", left, right), net_case_pair(&c, "Add", x, left));
  ck_assert_int_eq(node_set_int(c.graph, joined->producer, "axis", 2, &c.err), OK);
  return net_case_node(&c, "GlobalAveragePool",
                       net_case_pair(&c, "Max", joined, net_case_node(&c, "Tanh", joined)));
}

START_TEST(the_scheme_widens_everything) {
  ck_assert_int_eq(net_case_quantize(&c, net(), quantize_defaults()), OK);
  double narrow = c.comparison.sqnr;
  net_case_free(&c);
  net_case_begin(&c);
  Status status = net_case_quantize(&c, net(), wide());
  ck_assert_msg(status == OK, "%s", c.err.text);
  ck_assert(edge_is_integer_only(&c.file.model));
  for (int v = 0; v < c.graph->value_count; v++) {
    const QuantSpec *spec = c.graph->values[v]->spec;
    bool is_result = c.graph->values[v]->constant == NULL && spec != NULL && spec->kind == QUANT_INTEGER;
    ck_assert_msg(!is_result || (spec->bits == 16 && spec->reason != NULL), "%s", c.graph->values[v]->name);
  }
  ck_assert_msg(c.comparison.sqnr > narrow + 3, "%.2f dB with 16 bits, %.2f with 8", c.comparison.sqnr,
                narrow);
}
END_TEST

START_TEST(weights_of_4_bits_are_read_with_16) {
  QuantizeOptions options = wide();
  options.weight_bits = 4;
  Status status = net_case_quantize(&c, net(), options);
  ck_assert_msg(status == OK, "%s", c.err.text);
  ck_assert(edge_is_integer_only(&c.file.model));
  ck_assert_msg(c.comparison.sqnr > 10, "%.2f dB", c.comparison.sqnr);
}
END_TEST

/* x + Conv(Relu(Conv(x))): the product is read by the sum alone, its other operand by a product, too. */
START_TEST(operands_of_sums_unless_refused) {
  double sqnr[2];
  for (int narrow = 0; narrow < 2; narrow++) {
    QuantizeOptions options = quantize_defaults();
    options.sums_8bit = narrow == 1;
    Value *x = net_case_node(&c, "Relu", conv(c.input, 1));
    Value *branch = conv(net_case_node(&c, "Relu", conv(x, 2)), 3),
          *sum = net_case_pair(&c, "Add", x, branch);
    ck_assert_int_eq(net_case_quantize(&c, conv(net_case_node(&c, "Relu", sum), 4), options), OK);
    ck_assert_int_eq(branch->spec->bits, narrow ? 8 : 16);
    ck_assert_int_eq(x->spec->bits, 8);
    ck_assert(edge_is_integer_only(&c.file.model));
    sqnr[narrow] = c.comparison.sqnr;
    net_case_free(&c);
    net_case_begin(&c);
  }
  ck_assert_msg(sqnr[0] > sqnr[1] + 0.2, "%.2f dB with 16 bits, %.2f with 8", sqnr[0], sqnr[1]);
}
END_TEST

/* A product behind which stands a function: chosen, the function has an instruction of its own. */
START_TEST(chosen_nodes) {
  Value *x = conv(c.input, 1), *y = net_case_node(&c, "HardSwish", x), *z = conv(y, 3);
  BitsChoice choice = {.pattern = "HardSwish", .activation_bits = 16};
  c.choices = (NodeChoices){.bits = &choice, .bits_count = 1};
  Status status = net_case_quantize(&c, conv(z, 4), quantize_defaults());
  ck_assert_msg(status == OK, "%s", c.err.text);
  ck_assert_int_eq(x->spec->bits, 16);
  ck_assert_int_eq(y->spec->bits, 16);
  ck_assert_int_eq(z->spec->bits, 8);
  ck_assert(edge_is_integer_only(&c.file.model));
}
END_TEST

START_TEST(chosen_nodes_of_a_wide_scheme) {
  Value *x = net_case_node(&c, "Relu", conv(c.input, 1)), *y = conv(x, 3);
  BitsChoice choice = {.pattern = "Relu", .activation_bits = 8};
  c.choices = (NodeChoices){.bits = &choice, .bits_count = 1};
  Status status = net_case_quantize(&c, conv(y, 4), wide());
  ck_assert_msg(status == OK, "%s", c.err.text);
  ck_assert_int_eq(x->spec->bits, 8);
  ck_assert_int_eq(y->spec->bits, 16);
}
END_TEST

START_TEST(what_runs_in_float_cannot_be_chosen) {
  Value *x = conv(c.input, 1), *y = net_case_node(&c, "Relu", x);
  BitsChoice choice = {.pattern = "Relu", .activation_bits = 16};
  c.choices = (NodeChoices){
      .bits = &choice, .bits_count = 1, .exclude = (const char *const[]){"Relu"}, .exclude_count = 1};
  ck_assert_int_eq(net_case_quantize(&c, conv(y, 3), quantize_defaults()), BAD_USAGE);
  ck_assert_msg(strstr(c.err.text, "cannot have results of 16 bits: excluded") != NULL, "%s", c.err.text);
}
END_TEST

/* Both branches of a Concat share its scale. */
START_TEST(one_scale_has_one_width) {
  Value *left = net_case_node(&c, "Relu", conv(c.input, 1)),
        *right = net_case_node(&c, "Tanh", conv(c.input, 3));
  Value *joined = net_case_pair(&c, "Concat", left, right);
  ck_assert_int_eq(node_set_int(c.graph, joined->producer, "axis", 2, &c.err), OK);
  BitsChoice choices[] = {{.pattern = "Relu", .activation_bits = 8},
                          {.pattern = "Tanh", .activation_bits = 16}};
  c.choices = (NodeChoices){.bits = choices, .bits_count = 2};
  ck_assert_int_eq(net_case_quantize(&c, conv(joined, 4), quantize_defaults()), BAD_USAGE);
  ck_assert_msg(strstr(c.err.text, "share a scale") != NULL, "%s", c.err.text);
}
END_TEST

Suite *suite_quantize_widths(void) {
  Suite *suite = suite_create("quantize_widths");
  TCase *tests = tcase_create("widths");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, the_scheme_widens_everything);
  tcase_add_test(tests, weights_of_4_bits_are_read_with_16);
  tcase_add_test(tests, operands_of_sums_unless_refused);
  tcase_add_test(tests, chosen_nodes);
  tcase_add_test(tests, chosen_nodes_of_a_wide_scheme);
  tcase_add_test(tests, what_runs_in_float_cannot_be_chosen);
  tcase_add_test(tests, one_scale_has_one_width);
  suite_add_tcase(suite, tests);
  return suite;
}
