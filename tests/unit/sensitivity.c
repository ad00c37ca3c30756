/* Ranking layers by what quantizing each alone does. */
#include "quantize/sensitivity.h"

#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_sensitivity(void);

#define WEIGHTS (NET_CHANNELS * NET_CHANNELS * 9)
#define FROM 32
#define COUNT 16

static NetCase c;
static Value *coarse, *fine;

/* The first convolution has weights that 4 bits (15 levels) cannot tell apart but for one; the second has
   weights that are 4-bit codes exactly. */
static void begin(void) {
  net_case_begin(&c);
  float *uneven = net_case_noise(&c, WEIGHTS, 1, 0.02f);
  for (int o = 0; o < NET_CHANNELS; o++) uneven[o * NET_CHANNELS * 9] = 1.0f;
  coarse = net_case_conv(&c, c.input, NET_CHANNELS, 3, uneven, NULL);
  float *even = net_case_noise(&c, WEIGHTS, 2, 1);
  for (int i = 0; i < WEIGHTS; i++) even[i] = (float)(i * 5 % 15 - 7);
  fine = net_case_conv(&c, net_case_node(&c, "Relu", coarse), NET_CHANNELS, 3, even, NULL);
  QuantizeOptions options = quantize_defaults();
  Status status = net_case_quantize(&c, net_case_node(&c, "GlobalAveragePool", fine), options);
  ck_assert_msg(status == OK, "%s", c.err.text);
}

static void end(void) {
  pool_free(c.pool);
  net_case_free(&c);
}

static void measure(Sensitivity *s, Pool *pool) {
  Calibration *calibration;
  QuantizeOptions options = quantize_defaults();
  for (int n = 0; n < c.graph->node_count; n++) c.graph->nodes[n]->weight_bits = 0;
  Status status = calibrate(&calibration, c.graph, &c.reader, 0, FROM, &options, pool, NULL, NULL, &c.err);
  if (status == OK)
    status = sensitivity_measure(s, c.graph, calibration, &options, &c.reader, FROM, COUNT, pool, NULL, NULL,
                                 &c.err);
  calibration_free(calibration);
  ck_assert_msg(status == OK, "%s", c.err.text);
}

static const LayerSensitivity *layer_of(const Sensitivity *s, const char *name) {
  for (int l = 0; l < s->count; l++)
    if (strcmp(s->layers[l].name, name) == 0) return &s->layers[l];
  ck_abort_msg("no layer '%s'", name);
  return NULL;
}

/* The input, two convolutions (the Relu is part of the first) and the pool. */
START_TEST(layers_are_instructions) {
  Sensitivity s;
  measure(&s, NULL);
  ck_assert_int_eq(s.count, 4);
  ck_assert_int_eq(layer_of(&s, coarse->producer->name)->weights, WEIGHTS);
  ck_assert_int_eq(layer_of(&s, "x")->weights, 0);
  ck_assert(s.is_classifier);
  for (int l = 1; l < s.count; l++) ck_assert(s.layers[l].at8.noise <= s.layers[l - 1].at8.noise);
  sensitivity_free(&s);
}
END_TEST

START_TEST(the_guilty_layer_is_found) {
  Sensitivity s;
  measure(&s, NULL);
  sensitivity_rank(&s, 4);
  ck_assert_str_eq(s.layers[0].name, coarse->producer->name);
  const LayerSensitivity *bad = layer_of(&s, coarse->producer->name),
                         *good = layer_of(&s, fine->producer->name);
  ck_assert_msg(bad->at4.sqnr < 30, "%.1f dB", bad->at4.sqnr);
  ck_assert_msg(bad->at8.sqnr > bad->at4.sqnr + 10, "%.1f, %.1f dB", bad->at8.sqnr, bad->at4.sqnr);
  ck_assert_msg(good->at4.sqnr > bad->at4.sqnr + 15, "%.1f, %.1f dB", good->at4.sqnr, bad->at4.sqnr);
  sensitivity_free(&s);
}
END_TEST

/* Together they do about what the written file does. */
START_TEST(all_layers_are_like_the_file) {
  Sensitivity s;
  measure(&s, NULL);
  ck_assert_msg(fabs(s.all.sqnr - c.comparison.sqnr) < 1.5, "%.2f dB, the file %.2f", s.all.sqnr,
                c.comparison.sqnr);
  sensitivity_free(&s);
}
END_TEST

START_TEST(the_graph_stays_as_it_was) {
  Sensitivity s;
  const Tensor *before[] = {coarse->producer->inputs[1]->constant, fine->producer->inputs[1]->constant};
  measure(&s, NULL);
  ck_assert_ptr_eq(before[0], coarse->producer->inputs[1]->constant);
  ck_assert_ptr_eq(before[1], fine->producer->inputs[1]->constant);
  sensitivity_free(&s);
}
END_TEST

START_TEST(threads_change_nothing) {
  Sensitivity one, three;
  measure(&one, NULL);
  c.pool = pool_new(3, &c.err);
  measure(&three, c.pool);
  ck_assert_int_eq(one.count, three.count);
  for (int l = 0; l < one.count; l++) {
    ck_assert_str_eq(one.layers[l].name, three.layers[l].name);
    ck_assert(one.layers[l].at8.noise == three.layers[l].at8.noise);
    ck_assert(one.layers[l].at4.noise == three.layers[l].at4.noise);
    ck_assert_int_eq(one.layers[l].at8.agreeing, three.layers[l].at8.agreeing);
  }
  ck_assert(one.all.noise == three.all.noise);
  sensitivity_free(&one);
  sensitivity_free(&three);
}
END_TEST

Suite *suite_sensitivity(void) {
  Suite *suite = suite_create("sensitivity");
  TCase *tests = tcase_create("layers");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, layers_are_instructions);
  tcase_add_test(tests, the_guilty_layer_is_found);
  tcase_add_test(tests, all_layers_are_like_the_file);
  tcase_add_test(tests, the_graph_stays_as_it_was);
  tcase_add_test(tests, threads_change_nothing);
  suite_add_tcase(suite, tests);
  return suite;
}
