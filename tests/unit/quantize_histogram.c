/* Histograms: no value lost, the same whatever the order and the sharing out. */
#include "quantize/histogram.h"

#include <check.h>
#include <string.h>

Suite *suite_quantize_histogram(void);

#define COUNT 5000

/* Values over many magnitudes, with zeros and one far outlier. */
static void make_values(float *values) {
  Random random = {7};
  for (int i = 0; i < COUNT; i++) {
    double magnitude = (double)(random_below(&random, 12)) - 6;
    values[i] = (float)(random_normal(&random) * __builtin_pow(2.0, magnitude));
    if (i % 17 == 0) values[i] = 0;
  }
  values[COUNT / 2] = 900.5f;
}

static void fill(Histogram *histogram, uint64_t *counts, const float *values, int from, int to, int step) {
  memset(counts, 0, HISTOGRAM_BINS * sizeof *counts);
  histogram_init(histogram, counts);
  for (int i = from; i < to; i += step) histogram_add(histogram, values + i, i + step < to ? step : to - i);
}

static void same(const Histogram *a, const Histogram *b) {
  ck_assert(a->low == b->low && a->high == b->high);
  ck_assert_int_eq(a->count, b->count);
  ck_assert_int_eq(a->zeros, b->zeros);
  ck_assert_int_eq(a->exponent, b->exponent);
  ck_assert_int_eq(a->first, b->first);
  ck_assert_mem_eq(a->counts, b->counts, HISTOGRAM_BINS * sizeof *a->counts);
}

START_TEST(order_does_not_matter) {
  static float values[COUNT], reversed[COUNT];
  static uint64_t first[HISTOGRAM_BINS], second[HISTOGRAM_BINS], third[HISTOGRAM_BINS];
  Histogram whole, pieces, backwards;
  make_values(values);
  for (int i = 0; i < COUNT; i++) reversed[i] = values[COUNT - 1 - i];
  fill(&whole, first, values, 0, COUNT, COUNT);
  fill(&pieces, second, values, 0, COUNT, 13);
  fill(&backwards, third, reversed, 0, COUNT, 7);
  same(&whole, &pieces);
  same(&whole, &backwards);
}
END_TEST

START_TEST(merging_is_adding) {
  static float values[COUNT];
  static uint64_t first[HISTOGRAM_BINS], second[HISTOGRAM_BINS], third[HISTOGRAM_BINS], none[HISTOGRAM_BINS];
  Histogram whole, left, right, empty;
  make_values(values);
  fill(&whole, first, values, 0, COUNT, COUNT);
  fill(&left, second, values, 0, 100, 100);
  fill(&right, third, values, 100, COUNT, 50);
  histogram_init(&empty, none);
  histogram_merge(&left, &right);
  histogram_merge(&left, &empty);
  same(&whole, &left);
  histogram_merge(&empty, &whole);
  same(&whole, &empty);
}
END_TEST

START_TEST(every_value_is_in_its_bin) {
  static float values[COUNT];
  static uint64_t counts[HISTOGRAM_BINS];
  Histogram histogram;
  make_values(values);
  fill(&histogram, counts, values, 0, COUNT, 100);
  uint64_t total = 0;
  for (int i = 0; i < HISTOGRAM_BINS; i++) total += counts[i];
  ck_assert_uint_eq(total, COUNT);
  double width = __builtin_ldexp(1.0, histogram.exponent);
  ck_assert(width * HISTOGRAM_BINS >= (double)histogram.high - (double)histogram.low);
  ck_assert(width * HISTOGRAM_BINS <= 4 * ((double)histogram.high - (double)histogram.low));
  int last = HISTOGRAM_BINS - 1;
  while (counts[last] == 0) last--;
  ck_assert(__builtin_fabs(histogram_middle(&histogram, last) - 900.5) <= width / 2);
}
END_TEST

START_TEST(one_number_only) {
  static const float numbers[] = {0.0f, 1.5f, -3e-30f, 1e30f};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    uint64_t counts[HISTOGRAM_BINS] = {0}, total = 0;
    Histogram histogram;
    histogram_init(&histogram, counts);
    for (int k = 0; k < 3; k++) histogram_add(&histogram, &numbers[i], 1);
    for (int b = 0; b < HISTOGRAM_BINS; b++) total += counts[b];
    ck_assert_uint_eq(total, 3);
    ck_assert(histogram.low == numbers[i] && histogram.high == numbers[i]);
  }
}
END_TEST

Suite *suite_quantize_histogram(void) {
  Suite *suite = suite_create("quantize_histogram");
  TCase *tests = tcase_create("histogram");
  tcase_add_test(tests, order_does_not_matter);
  tcase_add_test(tests, merging_is_adding);
  tcase_add_test(tests, every_value_is_in_its_bin);
  tcase_add_test(tests, one_number_only);
  suite_add_tcase(suite, tests);
  return suite;
}
