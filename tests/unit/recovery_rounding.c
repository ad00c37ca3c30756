/* Cholesky factors, and rows of weights rounded with regard to one another. */
#include "operators/product.h"
#include "quantize/adaround.h"
#include "quantize/cholesky.h"
#include "quantize/row_rounding.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_recovery_rounding(void);

#define MOST 12

START_TEST(a_known_matrix_has_its_factor) {
  double a[9] = {4, 0, 0, 12, 37, 0, -16, -43, 98};
  const double expected[9] = {2, 0, 0, 6, 1, 0, -8, 5, 3};
  ck_assert(cholesky(a, 3));
  for (int i = 0; i < 9; i++) ck_assert_double_eq_tol(a[i], expected[i], 1e-12);
  double flat[4] = {1, 0, 1, 1};
  ck_assert(!cholesky(flat, 2));
}
END_TEST

/* Second moments of `samples` inputs with a common part. */
static void moments_of(Random *random, int64_t n, double *moments) {
  memset(moments, 0, (size_t)(n * n) * sizeof *moments);
  for (int s = 0; s < 40; s++) {
    double x[MOST], common = random_normal(random);
    for (int64_t i = 0; i < n; i++) x[i] = random_normal(random) + 2 * common;
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) moments[i * n + j] += x[i] * x[j] / 40;
  }
}

static double error_of(const double *moments, const double *weights, const double *codes, double scale,
                       int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      sum += (weights[i] - scale * codes[i]) * moments[i * n + j] * (weights[j] - scale * codes[j]);
  return sum;
}

/* Inputs that are always equal: only the sum of the weights counts. */
START_TEST(errors_of_equal_inputs_cancel) {
  Error err = {0};
  Arena arena = {0};
  RowMetric metric;
  const double moments[4] = {1, 1, 1, 1}, weights[2] = {0.4, 0.4};
  double memory[6], codes[2];
  ck_assert_int_eq(row_metric_make(&metric, moments, 2, &arena, &err), OK);
  ck_assert(metric.is_usable);
  Row row = row_begin(&metric, weights, 7, memory);
  ck_assert_double_eq_tol(row_nearest(&row, 1), 0.64, 0.02);
  ck_assert_double_eq_tol(row_in_turn(&row, 1), 0.04, 0.02);
  row_end(&row, codes);
  ck_assert_double_eq(codes[0] + codes[1], 1);
  arena_free(&arena);
}
END_TEST

START_TEST(errors_returned_are_those_of_the_codes) {
  Error err = {0};
  Random random = {3};
  for (int round = 0; round < 50; round++) {
    Arena arena = {0};
    RowMetric metric;
    int64_t n = 1 + (int64_t)random_below(&random, MOST);
    double moments[MOST * MOST], weights[MOST], codes[MOST], memory[3 * MOST], trace = 0;
    moments_of(&random, n, moments);
    for (int64_t i = 0; i < n; i++) weights[i] = random_normal(&random);
    ck_assert_int_eq(row_metric_make(&metric, moments, n, &arena, &err), OK);
    for (int64_t i = 0; i < n; i++) trace += moments[i * n + i];
    for (int64_t i = 0; i < n; i++) moments[i * n + i] += 0.01 * trace / (double)n;
    Row row = row_begin(&metric, weights, 7, memory);
    double nearest = row_nearest(&row, 0.3);
    row_end(&row, codes);
    ck_assert_double_eq_tol(nearest, error_of(moments, weights, codes, 0.3, n), 1e-9);
    double in_turn = row_in_turn(&row, 0.3);
    row_polish(&row);
    row_end(&row, codes);
    ck_assert_double_le(error_of(moments, weights, codes, 0.3, n), in_turn + 1e-9);
    for (int64_t i = 0; i < n; i++) ck_assert(fabs(codes[i]) <= 7 && codes[i] == rint(codes[i]));
    arena_free(&arena);
  }
}
END_TEST

/* Over many rows it must be worth its while. */
START_TEST(in_turn_beats_nearest) {
  Error err = {0};
  Random random = {4};
  double nearest = 0, in_turn = 0;
  for (int round = 0; round < 100; round++) {
    Arena arena = {0};
    RowMetric metric;
    double moments[MOST * MOST], weights[MOST], memory[3 * MOST];
    moments_of(&random, MOST, moments);
    for (int i = 0; i < MOST; i++) weights[i] = random_normal(&random);
    ck_assert_int_eq(row_metric_make(&metric, moments, MOST, &arena, &err), OK);
    Row row = row_begin(&metric, weights, 7, memory);
    nearest += row_nearest(&row, 0.4);
    in_turn += row_in_turn(&row, 0.4);
    arena_free(&arena);
  }
  ck_assert_double_lt(in_turn, 0.5 * nearest);
}
END_TEST

/* ---- learned rounding ---- */

/* Learns from the codes nearest to the weights; returns their error, and that of the nearest. */
static double learn(const double *moments, const double *weights, int64_t n, double *codes, double *nearest) {
  float metric[MOST * MOST], wanted[MOST], learned[MOST], room[ADAROUND_ROOM * MOST];
  double trace = 0;
  for (int64_t i = 0; i < n; i++) trace += moments[i * n + i];
  for (int64_t i = 0; i < n * n; i++) metric[i] = (float)(moments[i] * (double)n / trace);
  for (int64_t i = 0; i < n; i++) {
    wanted[i] = (float)weights[i];
    learned[i] = (float)(codes[i] = fmin(fmax(rint(weights[i]), -7), 7));
  }
  *nearest = error_of(moments, weights, codes, 1, n);
  product_begin();
  adaround_rows(&(AdaptiveRows){1, n, metric, wanted, learned, 7}, 400, room);
  for (int64_t i = 0; i < n; i++) codes[i] = (double)learned[i];
  return error_of(moments, weights, codes, 1, n);
}

START_TEST(learned_rounding_beats_nearest) {
  Random random = {5};
  double before = 0, after = 0;
  for (int round = 0; round < 60; round++) {
    double moments[MOST * MOST], weights[MOST], codes[MOST], nearest;
    moments_of(&random, MOST, moments);
    for (int i = 0; i < MOST; i++) weights[i] = 3 * random_normal(&random);
    after += learn(moments, weights, MOST, codes, &nearest);
    before += nearest;
    for (int i = 0; i < MOST; i++) ck_assert(fabs(codes[i]) <= 7 && codes[i] == rint(codes[i]));
  }
  ck_assert_msg(after < 0.4 * before, "%g, %g", after, before);
}
END_TEST

/* Where inputs have nothing to do with one another, nothing is better than the nearest code. */
START_TEST(learned_rounding_stays_nearest) {
  Random random = {6};
  double moments[MOST * MOST] = {0}, weights[MOST], codes[MOST], nearest;
  for (int i = 0; i < MOST; i++) {
    moments[i * MOST + i] = 1;
    weights[i] = 9 * random_normal(&random);
  }
  ck_assert_double_eq(learn(moments, weights, MOST, codes, &nearest), nearest);
}
END_TEST

START_TEST(solved_equations_hold) {
  Error err = {0};
  Random random = {8};
  Arena arena = {0};
  RowMetric metric;
  double moments[MOST * MOST], b[MOST], x[MOST], room[MOST], trace = 0;
  moments_of(&random, MOST, moments);
  for (int i = 0; i < MOST; i++) x[i] = b[i] = random_normal(&random);
  ck_assert_int_eq(row_metric_make(&metric, moments, MOST, &arena, &err), OK);
  row_metric_solve(&metric, x, room);
  for (int i = 0; i < MOST; i++) trace += moments[i * MOST + i];
  for (int i = 0; i < MOST; i++) {
    double sum = 0.01 * trace / MOST * x[i];
    for (int j = 0; j < MOST; j++) sum += moments[i * MOST + j] * x[j];
    ck_assert_double_eq_tol(sum, b[i], 1e-9);
  }
  arena_free(&arena);
}
END_TEST

START_TEST(inputs_that_never_vary_cannot_be_used) {
  Error err = {0};
  Arena arena = {0};
  RowMetric metric;
  const double moments[4] = {0};
  ck_assert_int_eq(row_metric_make(&metric, moments, 2, &arena, &err), OK);
  ck_assert(!metric.is_usable);
  arena_free(&arena);
}
END_TEST

Suite *suite_recovery_rounding(void) {
  Suite *suite = suite_create("recovery_rounding");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, a_known_matrix_has_its_factor);
  tcase_add_test(tests, errors_of_equal_inputs_cancel);
  tcase_add_test(tests, errors_returned_are_those_of_the_codes);
  tcase_add_test(tests, in_turn_beats_nearest);
  tcase_add_test(tests, learned_rounding_beats_nearest);
  tcase_add_test(tests, learned_rounding_stays_nearest);
  tcase_add_test(tests, solved_equations_hold);
  tcase_add_test(tests, inputs_that_never_vary_cannot_be_used);
  suite_add_tcase(suite, tests);
  return suite;
}
