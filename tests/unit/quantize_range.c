/* Ranges: what each method keeps, and that codes represent zero exactly. */
#include "quantize/range.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_quantize_range(void);

#define COUNT 20000

static uint64_t counts[HISTOGRAM_BINS];

/* Normal values of deviation 1, `times` over, and a few outliers of `outlier`. */
static Histogram normal_with_outliers(float outlier, int outliers, int times) {
  static float values[COUNT];
  Random random = {3};
  for (int i = 0; i < COUNT; i++) values[i] = (float)random_normal(&random);
  Histogram histogram;
  memset(counts, 0, sizeof counts);
  histogram_init(&histogram, counts);
  for (int i = 1; i < times; i++) histogram_add(&histogram, values, COUNT);
  for (int i = 0; i < outliers; i++) values[i] = outlier;
  histogram_add(&histogram, values, COUNT);
  return histogram;
}

static Range choose(const Histogram *histogram, CalibrationMethod method, double percentile) {
  QuantizeOptions options = quantize_defaults();
  options.method = method;
  options.percentile = percentile;
  return range_choose(histogram, &options);
}

START_TEST(min_max_keeps_all) {
  Histogram histogram = normal_with_outliers(50, 1, 1);
  Range range = choose(&histogram, CALIBRATE_MIN_MAX, 0);
  ck_assert(range.low == (double)histogram.low && range.high == 50.0);
}
END_TEST

START_TEST(percentile_cuts_by_count) {
  Histogram histogram = normal_with_outliers(50, 4, 1);
  Range range = choose(&histogram, CALIBRATE_PERCENTILE, 99.9); /* 10 values at each end go */
  ck_assert_msg(range.high < 4.5 && range.high > 2, "high %g", range.high);
  ck_assert_msg(range.low > -4.5 && range.low < -2, "low %g", range.low);
}
END_TEST

START_TEST(mse_cuts_what_costs_more_than_it_gives) {
  Histogram histogram =
      normal_with_outliers(40, 1, 200); /* one value's error against four million finer ones */
  Range range = choose(&histogram, CALIBRATE_MSE, 0);
  ck_assert_msg(range.high < 30, "high %g", range.high);
  histogram = normal_with_outliers(6, 200, 1); /* a hundredth of the values is no outlier */
  range = choose(&histogram, CALIBRATE_MSE, 0);
  ck_assert_msg(range.high > 5, "high %g", range.high);
}
END_TEST

START_TEST(ranges_contain_zero) {
  float values[] = {3.0f, 3.5f, 4.0f};
  Histogram histogram;
  memset(counts, 0, sizeof counts);
  histogram_init(&histogram, counts);
  histogram_add(&histogram, values, 3);
  for (int method = CALIBRATE_MIN_MAX; method <= CALIBRATE_MSE; method++) {
    Range range = choose(&histogram, (CalibrationMethod)method, 99);
    ck_assert(range.low <= 0 && range.high > 3);
  }
}
END_TEST

START_TEST(zero_is_a_code) {
  static const Range ranges[] = {{-1, 3}, {0, 6}, {-5, 0}, {-0.001, 1000}, {-1000, 0.001}, {-1e-30, 1e-30}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    for (int bits = 8; bits <= 16; bits += 8) {
      Affine affine = affine_of(ranges[i], bits);
      double least = -ldexp(1.0, bits - 1), most = -least - 1;
      ck_assert(affine.zero_point >= least && affine.zero_point <= most);
      double low = (double)affine.scale * (least - affine.zero_point),
             high = (double)affine.scale * (most - affine.zero_point);
      ck_assert_msg(low <= ranges[i].low + (double)affine.scale &&
                        high >= ranges[i].high - (double)affine.scale,
                    "%g..%g as %g..%g", ranges[i].low, ranges[i].high, low, high);
    }
}
END_TEST

START_TEST(nothing_but_zeros) {
  Affine affine = affine_of((Range){0, 0}, 8);
  ck_assert(affine.scale == 1.0f && affine.zero_point == 0);
}
END_TEST

Suite *suite_quantize_range(void) {
  Suite *suite = suite_create("quantize_range");
  TCase *tests = tcase_create("range");
  tcase_add_test(tests, min_max_keeps_all);
  tcase_add_test(tests, percentile_cuts_by_count);
  tcase_add_test(tests, mse_cuts_what_costs_more_than_it_gives);
  tcase_add_test(tests, ranges_contain_zero);
  tcase_add_test(tests, zero_is_a_code);
  tcase_add_test(tests, nothing_but_zeros);
  suite_add_tcase(suite, tests);
  return suite;
}
