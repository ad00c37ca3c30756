/* Whole small networks: calibrate, quantize, lower, run; above all the hard cases. */
#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_quantize_nets(void);

#define WEIGHTS (NET_CHANNELS * NET_CHANNELS * 9)

static NetCase c;

static void begin(void) {
  net_case_begin(&c);
}

static void end(void) {
  net_case_free(&c);
}

static void quantize(Value *y) {
  Status status = net_case_quantize(&c, y, quantize_defaults());
  ck_assert_msg(status == OK, "%s", c.err.text);
}

static Value *conv(Value *x, uint64_t seed) {
  return net_case_conv(&c, x, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, seed, 0.2f),
                       net_case_noise(&c, NET_CHANNELS, seed + 1, 0.1f));
}

START_TEST(convolutions_and_activations) {
  Value *y = net_case_node(&c, "Relu", conv(c.input, 1));
  y = net_case_node(&c, "HardSwish", conv(y, 3));
  y = net_case_pair(&c, "Add", y, conv(c.input, 5));
  quantize(y);
  ck_assert_msg(c.comparison.sqnr > 30, "SQNR %.1f dB", c.comparison.sqnr);
  ck_assert_int_eq(c.report.float_nodes, 0);
  ck_assert(edge_is_integer_only(&c.file.model));
}
END_TEST

/* A fused activation is no instruction of its own. */
START_TEST(activations_are_fused) {
  quantize(net_case_node(&c, "Relu", conv(net_case_node(&c, "Relu", conv(c.input, 1)), 3)));
  int convolutions = 0, others = 0;
  for (uint32_t i = 0; i < c.file.model.instruction_count; i++) {
    const char *name = edge_opcode_name(&c.file.model, i);
    convolutions += strcmp(name, "CONV") == 0;
    others += strcmp(name, "CONV") != 0 && strcmp(name, "COPY") != 0;
  }
  ck_assert_int_eq(convolutions, 2);
  ck_assert_int_eq(others, 0);
}
END_TEST

/* Channels whose weights are too small to matter get no codes, and only those. */
START_TEST(dead_channels_become_zero) {
  float *weights = net_case_noise(&c, WEIGHTS, 1, 0.2f);
  for (int i = 0; i < NET_CHANNELS * 9; i++) weights[i] *= 1e-30f;
  float bias[NET_CHANNELS] = {0.5f, 0.1f, 0.2f, -0.3f};
  Value *y = net_case_conv(&c, c.input, NET_CHANNELS, 3, weights, bias);
  const Value *weight = y->producer->inputs[1];
  quantize(y);
  ck_assert_int_eq(c.report.dead_channels, 1);
  ck_assert_int_eq(c.report.dead_weights, NET_CHANNELS * 9);
  const float *kept = weight->constant->data;
  for (int i = 0; i < WEIGHTS; i++) ck_assert((kept[i] == 0) == (i < NET_CHANNELS * 9));
  ck_assert_msg(c.comparison.sqnr > 35, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

/* The bias of a channel with tiny (but not dead) weights would not fit int32 at the weights' own scale. */
START_TEST(tiny_weights_with_a_large_bias) {
  float *weights = net_case_noise(&c, WEIGHTS, 1, 1e-7f);
  float bias[NET_CHANNELS] = {3000, -2000, 1000, 1};
  Value *y = net_case_conv(&c, c.input, NET_CHANNELS, 3, weights, bias);
  c.scale = 1000;
  quantize(y);
  ck_assert_msg(c.comparison.sqnr > 60, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

START_TEST(huge_ranges) {
  c.scale = 1e15f;
  quantize(net_case_node(&c, "Relu", conv(c.input, 1)));
  ck_assert_msg(c.comparison.sqnr > 30, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

START_TEST(absurd_ranges_are_refused) {
  c.scale = 1e19f;
  Status status = net_case_quantize(&c, net_case_node(&c, "Relu", conv(c.input, 1)), quantize_defaults());
  ck_assert_int_eq(status, BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "tensor 'x'"));
  ck_assert_ptr_nonnull(strstr(c.err.text, "absurd"));
}
END_TEST

static void fill_nan(float *sample, int64_t index) {
  if (index == 3) sample[5] = NAN;
}

START_TEST(numbers_that_are_none_are_refused) {
  c.fill = fill_nan;
  Status status = net_case_quantize(&c, conv(c.input, 1), quantize_defaults());
  ck_assert_int_eq(status, BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "NaN or infinite"));
}
END_TEST

static void fill_constant(float *sample, int64_t index) {
  (void)index;
  for (int i = 0; i < NET_CHANNELS * NET_SIDE * NET_SIDE; i++) sample[i] = 2.5f;
}

START_TEST(constant_inputs) {
  c.fill = fill_constant;
  quantize(conv(c.input, 1));
  ck_assert_int_ge(c.report.constant_tensors, 1);
  ck_assert_msg(c.comparison.sqnr > 30, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

static void fill_zero(float *sample, int64_t index) {
  (void)index;
  memset(sample, 0, NET_CHANNELS * NET_SIDE * NET_SIDE * sizeof *sample);
}

START_TEST(inputs_of_zeros) {
  c.fill = fill_zero;
  quantize(conv(c.input, 1));
  ck_assert_msg(c.comparison.sqnr > 30, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

/* Output channels whose weights differ by 10^4: one scale for all loses what one a channel keeps. */
START_TEST(scales_by_channel) {
  float *weights = net_case_noise(&c, WEIGHTS, 1, 0.3f);
  for (int i = 0; i < NET_CHANNELS * 9; i++) weights[i] *= 1e-4f;
  Value *y = net_case_conv(&c, c.input, NET_CHANNELS, 3, weights, NULL);
  const Value *weight = y->producer->inputs[1];
  quantize(y);
  const QuantSpec *spec = weight->spec;
  ck_assert_int_eq(spec->scale_count, NET_CHANNELS);
  ck_assert_int_eq(spec->axis, 0);
  ck_assert(spec->scales[0] < spec->scales[1] * 1e-3f);
}
END_TEST

START_TEST(one_scale_on_request) {
  QuantizeOptions options = quantize_defaults();
  options.per_tensor = true;
  Value *y = conv(c.input, 1);
  const Value *weight = y->producer->inputs[1];
  ck_assert_int_eq(net_case_quantize(&c, y, options), OK);
  ck_assert_int_eq(weight->spec->scale_count, 1);
  ck_assert_int_eq(weight->spec->axis, -1);
  ck_assert_msg(c.comparison.sqnr > 30, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

START_TEST(outputs_have_16_bits_unless_refused) {
  quantize(conv(c.input, 1));
  ck_assert_int_eq(edge_output(&c.file.model, 0)->type, EDGE_S16);
  double wide = c.comparison.sqnr;
  net_case_free(&c);
  net_case_begin(&c);
  QuantizeOptions options = quantize_defaults();
  options.output_8bit = true;
  ck_assert_int_eq(net_case_quantize(&c, conv(c.input, 1), options), OK);
  ck_assert_int_eq(edge_output(&c.file.model, 0)->type, EDGE_S8);
  ck_assert(c.comparison.sqnr < wide);
}
END_TEST

/* What moves values keeps their scale; the two branches of a Concat share one. */
START_TEST(moved_values_share_a_scale) {
  Value *left = net_case_node(&c, "Relu", conv(c.input, 1)),
        *right = net_case_node(&c, "Relu", conv(c.input, 3));
  Value *joined = net_case_pair(&c, "Concat", left, right);
  ck_assert_int_eq(node_set_int(c.graph, joined->producer, "axis", 1, &c.err), OK);
  Value *y = net_case_node(&c, "GlobalAveragePool", joined);
  quantize(y);
  ck_assert(left->spec->scales[0] == joined->spec->scales[0] &&
            right->spec->scales[0] == joined->spec->scales[0]);
  ck_assert_int_eq(left->spec->zero_point, joined->spec->zero_point);
}
END_TEST

/* A constant that is a weight here and an operand there is two tensors of the program. */
START_TEST(constants_with_two_uses) {
  Value *y = conv(c.input, 1);
  Value *kernel = y->producer->inputs[2];
  Value *z = net_case_pair(&c, "Mul", net_case_node(&c, "GlobalAveragePool", y), kernel);
  quantize(z);
  ck_assert_msg(c.comparison.sqnr > 25, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

START_TEST(threads_change_nothing) {
  Value *y = net_case_node(&c, "HardSwish", conv(net_case_node(&c, "Relu", conv(c.input, 1)), 3));
  quantize(y);
  NetCase first = c;
  net_case_begin(&c);
  c.pool = pool_new(3, &c.err);
  y = net_case_node(&c, "HardSwish", conv(net_case_node(&c, "Relu", conv(c.input, 1)), 3));
  quantize(y);
  ck_assert_uint_eq(c.size, first.size);
  ck_assert_mem_eq(c.bytes, first.bytes, c.size);
  pool_free(c.pool);
  net_case_free(&first);
}
END_TEST

/* ---- 4-bit weights ---- */

#define WIDE 64 /* channels of a product: most of the file is weights */

static Value *wide_net(void) {
  const float *weights = net_case_noise(&c, (int64_t)WIDE * NET_CHANNELS * 49, 1, 0.1f);
  Value *y = net_case_node(&c, "Relu", net_case_conv(&c, c.input, WIDE, 7, weights, NULL));
  return net_case_node(&c, "GlobalAveragePool", y);
}

static QuantizeOptions narrow(void) {
  QuantizeOptions options = quantize_defaults();
  options.weight_bits = 4;
  return options;
}

START_TEST(narrow_weights_halve_the_file) {
  ck_assert_int_eq(net_case_quantize(&c, wide_net(), quantize_defaults()), OK);
  size_t size = c.size;
  net_case_free(&c);
  net_case_begin(&c);
  ck_assert_int_eq(net_case_quantize(&c, wide_net(), narrow()), OK);
  ck_assert_msg(c.size < size * 6 / 10, "%zu of %zu bytes", c.size, size);
  ck_assert_msg(c.comparison.sqnr > 17, "SQNR %.1f dB", c.comparison.sqnr);
  ck_assert(edge_is_integer_only(&c.file.model));
}
END_TEST

/* The scale leaves less error than one that clips nothing. */
START_TEST(narrow_scales_clip) {
  Value *y = conv(c.input, 1);
  const Value *weight = y->producer->inputs[1];
  ck_assert_int_eq(net_case_quantize(&c, y, narrow()), OK);
  ck_assert_int_eq(weight->spec->bits, 4);
  ck_assert_int_eq(weight->spec->scale_count, NET_CHANNELS);
  const float *values = weight->constant->data;
  double chosen = 0, whole = 0;
  for (int o = 0; o < NET_CHANNELS; o++) {
    double largest = 0, scales[2] = {(double)weight->spec->scales[o], 0};
    for (int i = 0; i < NET_CHANNELS * 9; i++) largest = fmax(largest, fabs((double)values[o * 36 + i]));
    scales[1] = largest / 7;
    for (int k = 0; k < 2; k++)
      for (int i = 0; i < NET_CHANNELS * 9; i++) {
        double w = (double)values[o * 36 + i], code = fmin(fmax(rint(w / scales[k]), -7), 7);
        *(k == 0 ? &chosen : &whole) += pow(w - scales[k] * code, 2);
      }
  }
  ck_assert_msg(chosen < 0.97 * whole, "%g, without clipping %g", chosen, whole);
}
END_TEST

/* Depthwise: the weights of DWCONV have an order of their own. */
START_TEST(narrow_depthwise_weights) {
  Value *weight = net_case_constant(&c, &SHAPE(NET_CHANNELS, 1, 3, 3),
                                    net_case_noise(&c, (int64_t)NET_CHANNELS * 9, 1, 0.2f));
  Value *y = net_case_pair(&c, "Conv", c.input, weight);
  ck_assert_int_eq(node_set_int(c.graph, y->producer, "group", NET_CHANNELS, &c.err), OK);
  ck_assert_int_eq(net_case_quantize(&c, y, narrow()), OK);
  ck_assert_str_eq(edge_opcode_name(&c.file.model, c.file.model.instruction_count - 2), "DWCONV");
  ck_assert_msg(c.comparison.sqnr > 15, "SQNR %.1f dB", c.comparison.sqnr);
}
END_TEST

/* Weights that are codes already lose nothing: what is stored is what was meant. */
START_TEST(narrow_codes_are_kept) {
  float weights[WEIGHTS];
  for (int i = 0; i < WEIGHTS; i++) weights[i] = 0.125f * (float)(i * 7 % 15 - 7);
  ck_assert_int_eq(
      net_case_quantize(&c, net_case_conv(&c, c.input, NET_CHANNELS, 3, weights, NULL), narrow()), OK);
  double sqnr = c.comparison.sqnr;
  net_case_free(&c);
  net_case_begin(&c);
  quantize(net_case_conv(&c, c.input, NET_CHANNELS, 3, weights, NULL));
  ck_assert_msg(sqnr > c.comparison.sqnr - 1, "SQNR %.1f dB, with 8 bits %.1f dB", sqnr, c.comparison.sqnr);
}
END_TEST

START_TEST(outermost_weights_on_request) {
  QuantizeOptions options = narrow();
  options.outer_bits = 8;
  Value *first = conv(c.input, 1), *middle = conv(first, 3), *last = conv(middle, 5);
  const Value *weights[3] = {first->producer->inputs[1], middle->producer->inputs[1],
                             last->producer->inputs[1]};
  ck_assert_int_eq(net_case_quantize(&c, last, options), OK);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(weights[i]->spec->bits, i == 1 ? 4 : 8);
}
END_TEST

Suite *suite_quantize_nets(void) {
  Suite *suite = suite_create("quantize_nets");
  TCase *tests = tcase_create("nets");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, convolutions_and_activations);
  tcase_add_test(tests, activations_are_fused);
  tcase_add_test(tests, dead_channels_become_zero);
  tcase_add_test(tests, tiny_weights_with_a_large_bias);
  tcase_add_test(tests, huge_ranges);
  tcase_add_test(tests, absurd_ranges_are_refused);
  tcase_add_test(tests, numbers_that_are_none_are_refused);
  tcase_add_test(tests, constant_inputs);
  tcase_add_test(tests, inputs_of_zeros);
  tcase_add_test(tests, scales_by_channel);
  tcase_add_test(tests, one_scale_on_request);
  tcase_add_test(tests, outputs_have_16_bits_unless_refused);
  tcase_add_test(tests, moved_values_share_a_scale);
  tcase_add_test(tests, constants_with_two_uses);
  tcase_add_test(tests, threads_change_nothing);
  tcase_add_test(tests, narrow_weights_halve_the_file);
  tcase_add_test(tests, narrow_scales_clip);
  tcase_add_test(tests, narrow_depthwise_weights);
  tcase_add_test(tests, narrow_codes_are_kept);
  tcase_add_test(tests, outermost_weights_on_request);
  suite_add_tcase(suite, tests);
  return suite;
}
