/* Entropy, auto and the measuring of ranges on distributions whose answer is known. */
#include "quantize/range.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_quantize_methods(void);

#define COUNT 20000

typedef enum Kind { GAUSSIAN, OUTLIER, ONE_SIDED, NEGATIVE, CONSTANT, CLUSTERS, FAR, ZEROS, KINDS } Kind;

static float value_of(Kind kind, int i, Random *random) {
  float normal = (float)random_normal(random);
  switch (kind) {
  case OUTLIER:
    return i == COUNT / 2 ? 50.0f : normal;
  case ONE_SIDED:
    return normal > 0 ? normal : 0;
  case NEGATIVE:
    return normal < 0 ? normal : 0;
  case CONSTANT:
    return -2.75f;
  case CLUSTERS:
    return i % 2 == 0 ? -3 + 0.05f * normal : 10 + 0.05f * normal;
  case FAR:
    return 1000 + 0.01f * normal;
  case ZEROS:
    return 0;
  default:
    return normal;
  }
}

static uint64_t counts[HISTOGRAM_BINS];

static Histogram distribution(Kind kind) {
  static float values[COUNT];
  Random random = {5};
  Histogram histogram;
  for (int i = 0; i < COUNT; i++) values[i] = value_of(kind, i, &random);
  memset(counts, 0, sizeof counts);
  histogram_init(&histogram, counts);
  histogram_add(&histogram, values, COUNT);
  return histogram;
}

/* ---- entropy ---- */

START_TEST(entropy_keeps_most_of_a_gaussian) {
  Histogram histogram = distribution(GAUSSIAN);
  Range range = range_by_entropy(&histogram);
  ck_assert_msg(range.high > 2 && range.high <= (double)histogram.high, "high %g", range.high);
  ck_assert_msg(range.low < -2 && range.low >= (double)histogram.low, "low %g", range.low);
}
END_TEST

START_TEST(entropy_lets_an_outlier_go) {
  Histogram histogram = distribution(OUTLIER);
  Range range = range_by_entropy(&histogram);
  ck_assert_msg(range.high < 8 && range.high > 2, "high %g", range.high);
  ck_assert_msg(range.low < -2, "low %g", range.low);
}
END_TEST

START_TEST(entropy_of_one_side) {
  Histogram histogram = distribution(ONE_SIDED);
  Range range = range_by_entropy(&histogram);
  ck_assert(range.low == 0);
  ck_assert_msg(range.high > 2 && range.high <= (double)histogram.high, "high %g", range.high);
  histogram = distribution(NEGATIVE);
  Range mirrored = range_by_entropy(&histogram);
  ck_assert(mirrored.high == 0);
  ck_assert_msg(mirrored.low < -2 && mirrored.low >= (double)histogram.low, "low %g", mirrored.low);
}
END_TEST

/* Nothing lies between two clusters, so a limit there would clip a whole cluster. */
START_TEST(entropy_keeps_both_clusters) {
  Histogram histogram = distribution(CLUSTERS);
  Range range = range_by_entropy(&histogram);
  ck_assert_msg(range.low < -2.8 && range.high > 9.8, "%g..%g", range.low, range.high);
}
END_TEST

START_TEST(entropy_of_few_numbers_is_all) {
  static const Kind kinds[] = {CONSTANT, FAR, ZEROS};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    Histogram histogram = distribution(kinds[i]);
    Range range = range_by_entropy(&histogram), all = range_of_all(&histogram);
    ck_assert(range.low == all.low && range.high == all.high);
  }
}
END_TEST

/* ---- auto ---- */

static double noise_of(const Histogram *histogram, Range range) {
  return range_measure(histogram, affine_of(range, 8), 8).noise;
}

START_TEST(auto_is_no_worse_than_any) {
  for (int kind = 0; kind < KINDS; kind++) {
    Histogram histogram = distribution((Kind)kind);
    Range range;
    ck_assert_int_eq(range_by_auto(&histogram, NULL, 0, &range, NULL), OK);
    double noise = noise_of(&histogram, range);
    ck_assert(range.low <= 0 && range.high >= 0);
    ck_assert(noise <= noise_of(&histogram, range_of_all(&histogram)));
    ck_assert(noise <= noise_of(&histogram, range_by_mse(&histogram)));
    ck_assert(noise <= noise_of(&histogram, range_by_entropy(&histogram)));
    ck_assert(noise <= noise_of(&histogram, range_by_percentile(&histogram, 99.9)));
    ck_assert(noise <= noise_of(&histogram, range_by_percentile(&histogram, 99.99)));
  }
}
END_TEST

/* Before a Sigmoid that flattens all beyond +-2, what matters is not what matters to the tensor. */
START_TEST(auto_looks_behind_a_function) {
  Maker m = maker_new(17);
  Value *x = make_input(&m, "x", SHAPE(4)),
        *scaled = make_node(&m, "Mul", "m", (Value *[]){x, make_number(&m, "c", 4)}, 2);
  Value *y = make_node(&m, "Sigmoid", "y", (Value *[]){scaled}, 1);
  make_output(&m, y);
  maker_finish(&m);
  Histogram histogram = distribution(OUTLIER);
  Range behind, own;
  Error err = {0};
  ck_assert_int_eq(range_by_auto(&histogram, y->producer, 0, &behind, &err), OK);
  ck_assert_int_eq(range_by_auto(&histogram, NULL, 0, &own, &err), OK);
  Range both[] = {behind, own};
  double errors[2];
  ck_assert_int_eq(range_errors_before(&histogram, y->producer, 0, both, errors, 2, &err), OK);
  ck_assert_msg(behind.high < 8, "high %g", behind.high); /* 50 is as good as 8 to a Sigmoid */
  ck_assert_msg(own.high > 20, "high %g", own.high);
  ck_assert(errors[0] < errors[1]);
  graph_free(m.graph);
}
END_TEST

/* ---- measuring ---- */

START_TEST(clipped_share_of_a_gaussian) {
  Histogram histogram = distribution(GAUSSIAN);
  TensorDamage damage = range_damage(&histogram, affine_of((Range){-1, 1}, 8), 8);
  ck_assert_msg(fabs(damage.clipped - 0.3173) < 0.01, "clipped %g",
                damage.clipped); /* beyond one deviation */
  damage = range_damage(&histogram, affine_of(range_of_all(&histogram), 8), 8);
  ck_assert(damage.clipped == 0);
}
END_TEST

/* 6.02 dB a bit, if nothing is clipped. */
START_TEST(sqnr_of_a_uniform_distribution) {
  static float values[COUNT];
  Histogram histogram;
  memset(counts, 0, sizeof counts);
  histogram_init(&histogram, counts);
  for (int i = 0; i < COUNT; i++) values[i] = (float)(2 * (i + 0.5) / COUNT - 1);
  histogram_add(&histogram, values, COUNT);
  TensorDamage damage = range_damage(&histogram, affine_of((Range){-1, 1}, 8), 8);
  ck_assert_msg(fabs(damage.sqnr - 48.13) < 0.3, "SQNR %g", damage.sqnr);
}
END_TEST

START_TEST(one_number_costs_nothing) {
  Histogram histogram = distribution(CONSTANT);
  TensorDamage damage = range_damage(&histogram, affine_of(range_of_all(&histogram), 8), 8);
  ck_assert_msg(damage.sqnr > 120, "SQNR %g", damage.sqnr);
  histogram = distribution(ZEROS);
  damage = range_damage(&histogram, affine_of(range_of_all(&histogram), 8), 8);
  ck_assert(isinf(damage.sqnr) && damage.clipped == 0);
}
END_TEST

Suite *suite_quantize_methods(void) {
  Suite *suite = suite_create("quantize_methods");
  TCase *tests = tcase_create("methods");
  tcase_add_test(tests, entropy_keeps_most_of_a_gaussian);
  tcase_add_test(tests, entropy_lets_an_outlier_go);
  tcase_add_test(tests, entropy_of_one_side);
  tcase_add_test(tests, entropy_keeps_both_clusters);
  tcase_add_test(tests, entropy_of_few_numbers_is_all);
  tcase_add_test(tests, auto_is_no_worse_than_any);
  tcase_add_test(tests, auto_looks_behind_a_function);
  tcase_add_test(tests, clipped_share_of_a_gaussian);
  tcase_add_test(tests, sqnr_of_a_uniform_distribution);
  tcase_add_test(tests, one_number_costs_nothing);
  suite_add_tcase(suite, tests);
  return suite;
}
