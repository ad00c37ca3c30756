/* The memory plan alone. */
#include "base/base.h"
#include "lower/plan.h"

#include <check.h>

static bool overlap(const PlanBuffer *a, const PlanBuffer *b) {
  bool in_time = a->first <= b->last && b->first <= a->last;
  return in_time && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static size_t checked_plan(PlanBuffer *buffers, int count) {
  size_t total = 0;
  Error err = {0};
  ck_assert_int_eq(plan_memory(buffers, count, 64, &total, &err), OK);
  ck_assert_uint_eq(total % 64, 0);
  for (int i = 0; i < count; i++) {
    ck_assert_uint_eq(buffers[i].offset % 64, 0);
    ck_assert_uint_le(buffers[i].offset + buffers[i].bytes, total);
    for (int k = 0; k < i; k++) ck_assert_msg(!overlap(&buffers[i], &buffers[k]), "%d and %d overlap", i, k);
  }
  return total;
}

START_TEST(nothing_needs_nothing) {
  ck_assert_uint_eq(checked_plan(NULL, 0), 0);
}
END_TEST

/* A chain of equal buffers needs two places. */
START_TEST(chain_reuses) {
  PlanBuffer buffers[10];
  for (int i = 0; i < 10; i++) buffers[i] = (PlanBuffer){.bytes = 1000, .first = i, .last = i + 1};
  ck_assert_uint_eq(checked_plan(buffers, 10), 2 * 1024);
}
END_TEST

/* A small buffer goes into the smallest gap that the large ones leave, not behind them. */
START_TEST(small_ones_fill_gaps) {
  PlanBuffer buffers[] = {
      {.bytes = 640, .first = 0, .last = 1},
      {.bytes = 128, .first = 2, .last = 3},
      {.bytes = 512, .first = 1, .last = 3},
      {.bytes = 64, .first = 3, .last = 4},
  };
  ck_assert_uint_eq(checked_plan(buffers, 4), 640 + 512);
  ck_assert_uint_lt(buffers[1].offset, 640);
}
END_TEST

/* Read in the step in which another is written: both live. */
START_TEST(touching_lifetimes_do_not_share) {
  PlanBuffer buffers[] = {{.bytes = 64, .first = 0, .last = 3}, {.bytes = 64, .first = 3, .last = 5}};
  ck_assert_uint_eq(checked_plan(buffers, 2), 128);
}
END_TEST

START_TEST(random_plans_hold) {
  Random random = {7};
  for (int round = 0; round < 200; round++) {
    PlanBuffer buffers[60];
    size_t most = 0;
    for (int i = 0; i < 60; i++) {
      int first = (int)random_below(&random, 40);
      buffers[i] = (PlanBuffer){.bytes = (size_t)random_below(&random, 5000),
                                .first = first,
                                .last = first + (int)random_below(&random, 8)};
    }
    for (int step = 0; step < 50; step++) {
      size_t live = 0;
      for (int i = 0; i < 60; i++)
        if (buffers[i].first <= step && step <= buffers[i].last) live += (buffers[i].bytes + 63) / 64 * 64;
      most = live > most ? live : most;
    }
    size_t total = checked_plan(buffers, 60);
    ck_assert_uint_ge(total, most);
    ck_assert_uint_le(total, most * 2); /* far below what no reuse would give */
  }
}
END_TEST

START_TEST(absurd_sizes_are_refused) {
  PlanBuffer buffers[] = {{.bytes = SIZE_MAX - 10, .first = 0, .last = 0},
                          {.bytes = 100, .first = 0, .last = 0}};
  size_t total;
  Error err = {0};
  ck_assert_int_eq(plan_memory(buffers, 2, 64, &total, &err), UNSUPPORTED);
}
END_TEST

Suite *suite_lower_plan(void);
Suite *suite_lower_plan(void) {
  Suite *suite = suite_create("lower_plan");
  TCase *tests = tcase_create("plan");
  tcase_add_test(tests, nothing_needs_nothing);
  tcase_add_test(tests, chain_reuses);
  tcase_add_test(tests, small_ones_fill_gaps);
  tcase_add_test(tests, touching_lifetimes_do_not_share);
  tcase_add_test(tests, random_plans_hold);
  tcase_add_test(tests, absurd_sizes_are_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
