/* What the optimiser is told of weights: which elements stay zero, how fast each tensor may change. */
#include "distill/optimized_weights.h"

#include <check.h>
#include <math.h>

Suite *suite_optimized_weights(void);

static float matrix_values[] = {0, 3, -4, 0}, bias_values[] = {0, 0};
static Tensor matrix = {.type = ELEMENT_FLOAT32, .shape = {.rank = 2, .dims = {2, 2}}, .data = matrix_values},
              bias = {.type = ELEMENT_FLOAT32, .shape = {.rank = 1, .dims = {2}}, .data = bias_values};
static Weight list[] = {{.tensor = &matrix, .count = 4, .decays = true},
                        {.tensor = &bias, .count = 2},
                        {.tensor = &bias, .count = 2, .is_ratio = true}};
static const Weights weights = {.list = list, .count = 3};

START_TEST(zeros_of_products_stay) {
  Arena arena = {0};
  Error err = {0};
  TrainOptions options = train_defaults();
  ck_assert_ptr_null(optimized_weights(&weights, &options, &arena, &err)[0].mask);
  options.keep_zeros = true;
  const OptimizedTensor *kept = optimized_weights(&weights, &options, &arena, &err);
  ck_assert_ptr_nonnull(kept[0].mask);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(kept[0].mask[i], matrix_values[i] != 0);
  ck_assert_ptr_null(kept[1].mask); /* a bias of zero is where it begins */
  arena_free(&arena);
}
END_TEST

START_TEST(rates_are_relative_where_asked_for) {
  Arena arena = {0};
  Error err = {0};
  TrainOptions options = train_defaults();
  const OptimizedTensor *plain = optimized_weights(&weights, &options, &arena, &err);
  ck_assert_double_eq(plain[0].rate_factor, 1);
  options.relative_rates = true;
  const OptimizedTensor *relative = optimized_weights(&weights, &options, &arena, &err);
  ck_assert_double_eq_tol(relative[0].rate_factor, 2.5, 1e-12);
  ck_assert_double_gt(relative[1].rate_factor, 0);
  ck_assert_double_lt(relative[1].rate_factor, 0.01);
  ck_assert_double_lt(relative[2].rate_factor, 1); /* a ratio is about 1 */
  arena_free(&arena);
}
END_TEST

Suite *suite_optimized_weights(void) {
  Suite *suite = suite_create("optimized_weights");
  TCase *tests = tcase_create("tensors");
  tcase_add_test(tests, zeros_of_products_stay);
  tcase_add_test(tests, rates_are_relative_where_asked_for);
  suite_add_tcase(suite, tests);
  return suite;
}
