/* Optimisers by steps worked out by hand, and what must not change them: threads, checkpoints, bad gradients.
 */
#include "distill/optimizer.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_optimizer(void);

#define EXACT 1e-6

static Optimizer *begin(const OptimizerOptions *options, const OptimizedTensor *parameters, int count) {
  Optimizer *optimizer;
  Error err = {0};
  ck_assert_int_eq(optimizer_new(&optimizer, options, parameters, count, &err), OK);
  return optimizer;
}

/* Steps of one weight of 1, with the gradients 0.5 and -1, a rate of 0.1 and a weight decay of 0.1. */
static void expect_two_steps(const OptimizerOptions *options, bool decays, double first, double second) {
  float weight = 1;
  const float gradients[] = {0.5f, -1};
  OptimizedTensor parameter = {.value = &weight, .count = 1, .decays = decays, .rate_factor = 1};
  Optimizer *optimizer = begin(options, &parameter, 1);
  optimizer_set_gradient(optimizer, 0, &gradients[0]);
  ck_assert_double_eq_tol(optimizer_step(optimizer, 0.1, NULL), 0.5, EXACT);
  ck_assert_double_eq_tol((double)weight, first, EXACT);
  optimizer_set_gradient(optimizer, 0, &gradients[1]);
  ck_assert_double_eq_tol(optimizer_step(optimizer, 0.1, NULL), 1, EXACT);
  ck_assert_double_eq_tol((double)weight, second, EXACT);
  optimizer_free(optimizer);
}

/* ---- steps by hand ---- */

START_TEST(plain_descent) {
  OptimizerOptions options = {.kind = OPTIMIZER_SGD};
  expect_two_steps(&options, true, 0.95, 1.05);
}
END_TEST

/* The momentum begins as the first gradient: 0.5, then 0.9 * 0.5 - 1 = -0.55. */
START_TEST(momentum_begins_as_the_first_gradient) {
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .momentum = 0.9};
  expect_two_steps(&options, true, 0.95, 1.005);
}
END_TEST

/* 0.5 + 0.9 * 0.5 = 0.95, then -1 + 0.9 * -0.55 = -1.495. */
START_TEST(nesterov_looks_ahead) {
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .momentum = 0.9, .nesterov = true};
  expect_two_steps(&options, true, 0.905, 1.0545);
}
END_TEST

/* Gradients of 0.5 + 0.1 * 1 = 0.6, then -1 + 0.1 * 0.94 = -0.906. */
START_TEST(decay_of_sgd_is_part_of_the_gradient) {
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .weight_decay = 0.1};
  expect_two_steps(&options, true, 0.94, 1.0306);
  expect_two_steps(&options, false, 0.95, 1.05);
}
END_TEST

/* What Adam adds to a weight in its second step, after the gradients a and b. */
static double adam_second(double a, double b) {
  double m = (0.9 * 0.1 * a + 0.1 * b) / (1 - 0.9 * 0.9);
  double v = (0.999 * 0.001 * a * a + 0.001 * b * b) / (1 - 0.999 * 0.999);
  return -0.1 * m / (sqrt(v) + 1e-8);
}

/* The first step is the rate in the direction of the gradient, whatever its size. */
START_TEST(adam) {
  OptimizerOptions options = optimizer_defaults();
  options.kind = OPTIMIZER_ADAM;
  expect_two_steps(&options, true, 0.9, 0.9 + adam_second(0.5, -1));
  options.weight_decay = 0.1;
  expect_two_steps(&options, true, 0.9, 0.9 + adam_second(0.6, -0.91));
  expect_two_steps(&options, false, 0.9, 0.9 + adam_second(0.5, -1));
}
END_TEST

/* Each step first takes 0.1 * 0.1 of the weight. */
START_TEST(decay_of_adamw_is_apart) {
  OptimizerOptions options = optimizer_defaults();
  options.kind = OPTIMIZER_ADAMW;
  options.weight_decay = 0.1;
  expect_two_steps(&options, true, 0.89, 0.89 * 0.99 + adam_second(0.5, -1));
  expect_two_steps(&options, false, 0.9, 0.9 + adam_second(0.5, -1));
}
END_TEST

/* ---- what bounds a step ---- */

/* Gradients 3 and 4 of two parameters have a norm of 5 together. */
START_TEST(clipping_goes_by_the_norm_of_all) {
  float a = 0, b = 0;
  const float of_a = 3, of_b = 4;
  OptimizedTensor parameters[] = {{.value = &a, .count = 1, .rate_factor = 1},
                                  {.value = &b, .count = 1, .rate_factor = 0.5}};
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .clip_norm = 1};
  Optimizer *optimizer = begin(&options, parameters, 2);
  optimizer_set_gradient(optimizer, 0, &of_a);
  optimizer_set_gradient(optimizer, 1, &of_b);
  ck_assert_double_eq_tol(optimizer_step(optimizer, 1, NULL), 5, EXACT);
  ck_assert_double_eq_tol((double)a, -0.6, EXACT);
  ck_assert_double_eq_tol((double)b, -0.4, EXACT); /* half the rate */
  optimizer_free(optimizer);
}
END_TEST

START_TEST(a_norm_below_the_limit_is_left) {
  float weight = 0;
  const float gradient = 0.5f;
  OptimizedTensor parameter = {.value = &weight, .count = 1, .rate_factor = 1};
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .clip_norm = 1};
  Optimizer *optimizer = begin(&options, &parameter, 1);
  optimizer_set_gradient(optimizer, 0, &gradient);
  optimizer_step(optimizer, 1, NULL);
  ck_assert_float_eq(weight, -0.5f);
  optimizer_free(optimizer);
}
END_TEST

START_TEST(masked_weights_stay_zero) {
  float weights[] = {1, 0, 1};
  const float gradient[] = {1, 1, 1};
  const uint8_t mask[] = {1, 0, 1};
  OptimizedTensor parameter = {.value = weights, .count = 3, .rate_factor = 1, .mask = mask};
  OptimizerOptions options = optimizer_defaults();
  options.ema = 0.5;
  Optimizer *optimizer = begin(&options, &parameter, 1);
  optimizer_set_gradient(optimizer, 0, gradient);
  for (int i = 0; i < 3; i++) optimizer_step(optimizer, 0.1, NULL);
  ck_assert_float_eq(weights[1], 0);
  ck_assert_float_eq(optimizer_average(optimizer, 0)[1], 0);
  ck_assert_double_eq_tol((double)weights[0], 0.7, 1e-5);
  ck_assert_float_eq(weights[0], weights[2]);
  optimizer_free(optimizer);
}
END_TEST

/* 1, 0.5, 0: half of 1 and 0.5 is 0.75, half of that and of 0 is 0.375. */
START_TEST(the_average_follows_the_weights) {
  float weight = 1;
  const float gradient = 1;
  OptimizedTensor parameter = {.value = &weight, .count = 1, .rate_factor = 1};
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .ema = 0.5};
  Optimizer *optimizer = begin(&options, &parameter, 1);
  ck_assert_float_eq(*optimizer_average(optimizer, 0), 1);
  optimizer_set_gradient(optimizer, 0, &gradient);
  optimizer_step(optimizer, 0.5, NULL);
  ck_assert_float_eq(*optimizer_average(optimizer, 0), 0.75f);
  optimizer_step(optimizer, 0.5, NULL);
  ck_assert_float_eq(*optimizer_average(optimizer, 0), 0.375f);
  optimizer_free(optimizer);
  options.ema = 0;
  optimizer = begin(&options, &parameter, 1);
  ck_assert_ptr_null(optimizer_average(optimizer, 0));
  optimizer_free(optimizer);
}
END_TEST

/* The momentum of 1 goes on as 0.5. */
START_TEST(no_gradient_is_one_of_zeros) {
  float weight = 0;
  const float gradient = 1;
  OptimizedTensor parameter = {.value = &weight, .count = 1, .rate_factor = 1};
  OptimizerOptions options = {.kind = OPTIMIZER_SGD, .momentum = 0.5};
  Optimizer *optimizer = begin(&options, &parameter, 1);
  optimizer_set_gradient(optimizer, 0, &gradient);
  optimizer_step(optimizer, 1, NULL);
  optimizer_set_gradient(optimizer, 0, NULL);
  ck_assert_double_eq(optimizer_step(optimizer, 1, NULL), 0);
  ck_assert_float_eq(weight, -1.5f);
  optimizer_free(optimizer);
}
END_TEST

/* ---- larger ones ---- */

#define LARGE 40000 /* several blocks and a rest */
#define SMALL 3

typedef struct Net {
  float large[LARGE], small[SMALL], of_large[LARGE], of_small[SMALL];
  Optimizer *optimizer;
} Net;

static Net *net_new(const OptimizerOptions *options) {
  Net *net = calloc(1, sizeof *net);
  Random random = {7};
  for (int i = 0; i < LARGE; i++) net->large[i] = (float)random_normal(&random);
  for (int i = 0; i < SMALL; i++) net->small[i] = (float)random_normal(&random);
  OptimizedTensor parameters[] = {{.value = net->large, .count = LARGE, .decays = true, .rate_factor = 1},
                                  {.value = net->small, .count = SMALL, .rate_factor = 1}};
  net->optimizer = begin(options, parameters, 2);
  optimizer_set_gradient(net->optimizer, 0, net->of_large);
  optimizer_set_gradient(net->optimizer, 1, net->of_small);
  return net;
}

static void net_free(Net *net) {
  optimizer_free(net->optimizer);
  free(net);
}

/* Steps `from`..`to`-1, each with gradients of its own. */
static void net_steps(Net *net, int from, int to, Pool *pool) {
  for (int step = from; step < to; step++) {
    Random random = {(uint64_t)step};
    for (int i = 0; i < LARGE; i++) net->of_large[i] = (float)random_normal(&random);
    for (int i = 0; i < SMALL; i++) net->of_small[i] = (float)random_normal(&random);
    ck_assert_double_gt(optimizer_step(net->optimizer, 0.01, pool), 0);
  }
}

static void expect_same(const Net *a, const Net *b) {
  ck_assert_mem_eq(a->large, b->large, sizeof a->large);
  ck_assert_mem_eq(a->small, b->small, sizeof a->small);
  ck_assert_mem_eq(optimizer_average(a->optimizer, 0), optimizer_average(b->optimizer, 0), sizeof a->large);
}

static OptimizerOptions options_of(int kind) {
  OptimizerOptions options = optimizer_defaults();
  options.kind = (OptimizerKind)kind;
  options.weight_decay = 0.01;
  options.clip_norm = 150;
  options.ema = 0.9;
  return options;
}

START_TEST(threads_change_no_byte) {
  OptimizerOptions options = options_of(_i);
  Error err = {0};
  Pool *pool = pool_new(2, &err);
  Net *alone = net_new(&options), *together = net_new(&options);
  net_steps(alone, 0, 3, NULL);
  net_steps(together, 0, 3, pool);
  expect_same(alone, together);
  net_free(alone);
  net_free(together);
  pool_free(pool);
}
END_TEST

/* Weights and state of one net go on in another as if nothing had been between. */
START_TEST(a_checkpoint_goes_on_alike) {
  OptimizerOptions options = options_of(_i);
  Error err = {0};
  Net *whole = net_new(&options), *resumed = net_new(&options);
  net_steps(whole, 0, 2, NULL);
  size_t size = optimizer_state_bytes(whole->optimizer);
  void *bytes = malloc(size);
  optimizer_save(whole->optimizer, bytes);
  memcpy(resumed->large, whole->large, sizeof whole->large);
  memcpy(resumed->small, whole->small, sizeof whole->small);
  ck_assert_int_eq(optimizer_load(resumed->optimizer, bytes, size, &err), OK);
  net_steps(whole, 2, 4, NULL);
  net_steps(resumed, 2, 4, NULL);
  expect_same(whole, resumed);
  ck_assert_int_eq(optimizer_load(resumed->optimizer, bytes, size - 1, &err), BAD_INPUT);
  memset(bytes, 0xff, sizeof(int64_t)); /* -1 steps */
  ck_assert_int_eq(optimizer_load(resumed->optimizer, bytes, size, &err), BAD_INPUT);
  expect_same(whole, resumed);
  free(bytes);
  net_free(whole);
  net_free(resumed);
}
END_TEST

START_TEST(a_gradient_that_is_no_number_changes_nothing) {
  OptimizerOptions options = options_of(_i);
  Net *net = net_new(&options), *before = net_new(&options);
  net_steps(net, 0, 1, NULL);
  net_steps(before, 0, 1, NULL);
  net->of_large[LARGE - 1] = NAN;
  ck_assert(!isfinite(optimizer_step(net->optimizer, 0.01, NULL)));
  net->of_large[LARGE - 1] = INFINITY;
  ck_assert(!isfinite(optimizer_step(net->optimizer, 0.01, NULL)));
  expect_same(net, before);
  net_steps(net, 1, 2, NULL); /* nor does it count as a step */
  net_steps(before, 1, 2, NULL);
  expect_same(net, before);
  net_free(net);
  net_free(before);
}
END_TEST

Suite *suite_optimizer(void) {
  Suite *suite = suite_create("optimizer");
  TCase *by_hand = tcase_create("by hand"), *bounds = tcase_create("bounds"), *whole = tcase_create("whole");
  tcase_add_test(by_hand, plain_descent);
  tcase_add_test(by_hand, momentum_begins_as_the_first_gradient);
  tcase_add_test(by_hand, nesterov_looks_ahead);
  tcase_add_test(by_hand, decay_of_sgd_is_part_of_the_gradient);
  tcase_add_test(by_hand, adam);
  tcase_add_test(by_hand, decay_of_adamw_is_apart);
  tcase_add_test(bounds, clipping_goes_by_the_norm_of_all);
  tcase_add_test(bounds, a_norm_below_the_limit_is_left);
  tcase_add_test(bounds, masked_weights_stay_zero);
  tcase_add_test(bounds, the_average_follows_the_weights);
  tcase_add_test(bounds, no_gradient_is_one_of_zeros);
  tcase_add_loop_test(whole, threads_change_no_byte, 0, OPTIMIZER_ADAMW + 1);
  tcase_add_loop_test(whole, a_checkpoint_goes_on_alike, 0, OPTIMIZER_ADAMW + 1);
  tcase_add_loop_test(whole, a_gradient_that_is_no_number_changes_nothing, 0, OPTIMIZER_ADAMW + 1);
  suite_add_tcase(suite, by_hand);
  suite_add_tcase(suite, bounds);
  suite_add_tcase(suite, whole);
  return suite;
}
