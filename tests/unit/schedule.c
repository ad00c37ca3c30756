/* Learning rates at the ends of each schedule and in between. */
#include "distill/schedule.h"

#include <check.h>

Suite *suite_schedule(void);

#define EXACT 1e-12

static void expect(const ScheduleOptions *options, int64_t step, double rate) {
  ck_assert_double_eq_tol(schedule_rate(options, step, 1000), rate, EXACT);
}

START_TEST(constant_stays) {
  ScheduleOptions options = {.kind = SCHEDULE_CONSTANT, .rate = 2};
  expect(&options, 0, 2);
  expect(&options, 999, 2);
}
END_TEST

/* From a 25th, in a straight line. */
START_TEST(warm_up_rises) {
  ScheduleOptions options = {.kind = SCHEDULE_CONSTANT, .rate = 2, .warmup = 0.1};
  expect(&options, 0, 0.08);
  expect(&options, 50, 1.04);
  expect(&options, 100, 2);
}
END_TEST

START_TEST(cosine_falls) {
  ScheduleOptions options = {.kind = SCHEDULE_COSINE, .rate = 2, .final = 0.1};
  expect(&options, 0, 2);
  expect(&options, 500, 1.1);
  expect(&options, 1000, 0.2);
  options.warmup = 0.5; /* what is left of the time is the whole cosine */
  expect(&options, 500, 2);
  expect(&options, 750, 1.1);
}
END_TEST

/* Three tenths are no binary number: the change comes at the step that they say all the same. */
START_TEST(steps_multiply) {
  ScheduleOptions options = {.kind = SCHEDULE_STEP, .rate = 2, .step_every = 0.3, .step_factor = 0.5};
  expect(&options, 299, 2);
  expect(&options, 300, 1);
  expect(&options, 600, 0.5);
  expect(&options, 900, 0.25);
  expect(&options, 999, 0.25);
}
END_TEST

START_TEST(one_cycle_rises_and_falls) {
  ScheduleOptions options = {.kind = SCHEDULE_ONE_CYCLE, .rate = 2};
  expect(&options, 0, 0.08);
  expect(&options, 125, 1.04);
  expect(&options, 250, 2);
  expect(&options, 625, 1);
  expect(&options, 1000, 0);
  options.warmup = 0.5;
  expect(&options, 250, 1.04);
  expect(&options, 500, 2);
}
END_TEST

Suite *suite_schedule(void) {
  Suite *suite = suite_create("schedule");
  TCase *cases = tcase_create("rates");
  tcase_add_test(cases, constant_stays);
  tcase_add_test(cases, warm_up_rises);
  tcase_add_test(cases, cosine_falls);
  tcase_add_test(cases, steps_multiply);
  tcase_add_test(cases, one_cycle_rises_and_falls);
  suite_add_tcase(suite, cases);
  return suite;
}
