/* Which bits for which layer, from tables made by hand. */
#include "quantize/mixed_table.h"

#include <check.h>

Suite *suite_mixed_front(void);

#define CANDIDATES 3 /* 8 bits, 4 bits with groups, 4 bits */

static Arena arena;
static MixedTable table;
static MixedFront front;
static MixedPlan plan;

static void begin_with(int layers) {
  Error err;
  ck_assert_int_eq(mixed_table_new(&table, layers, CANDIDATES, &arena, &err), OK);
  plan = (MixedPlan){.choice = arena_new(&arena, (size_t)layers, 1, &err)};
  ck_assert_ptr_nonnull(plan.choice);
}

static void end(void) {
  arena_free(&arena);
}

static void set(int layer, int candidate, int64_t bytes, double noise) {
  *mixed_option(&table, layer, candidate) =
      (MixedOption){.exists = true, .is_measured = true, .bytes = bytes, .noise = noise};
}

static void make_front(void) {
  Error err;
  ck_assert_int_eq(mixed_front(&front, &table, &arena, &err), OK);
}

/* A cheap one to save on, a dear one, and one in between. */
static void three_layers(void) {
  begin_with(3);
  for (int l = 0; l < 3; l++) set(l, 0, 1000, 1e-6);
  set(0, 2, 500, 1e-5);
  set(1, 2, 500, 1e-2);
  set(2, 2, 500, 1e-3);
}

START_TEST(the_cheapest_byte_is_saved_first) {
  three_layers();
  make_front();
  ck_assert_int_eq(front.count, 4);
  const int expected[4][3] = {{0, 0, 0}, {2, 0, 0}, {2, 0, 2}, {2, 2, 2}};
  for (int p = 0; p < 4; p++) {
    ck_assert_int_eq(front.plans[p].bytes, 3000 - 500 * p);
    for (int l = 0; l < 3; l++) ck_assert_int_eq(front.plans[p].choice[l], expected[p][l]);
    if (p > 0) ck_assert(front.plans[p].noise > front.plans[p - 1].noise);
  }
}
END_TEST

/* One that costs more noise for more bytes than another is never taken. */
START_TEST(dominated_options_are_left_out) {
  begin_with(1);
  set(0, 0, 1000, 1e-6);
  set(0, 1, 600, 1e-3);
  set(0, 2, 500, 1e-4);
  make_front();
  ck_assert_int_eq(front.count, 2);
  ck_assert_int_eq(front.plans[1].choice[0], 2);
}
END_TEST

START_TEST(the_finest_comes_first_even_if_it_is_not_the_first_candidate) {
  begin_with(1);
  set(0, 0, 1000, 1e-4);
  set(0, 1, 600, 1e-5);
  set(0, 2, 500, 1e-2);
  make_front();
  ck_assert_int_eq(front.count, 2);
  ck_assert_int_eq(front.plans[0].choice[0], 1);
}
END_TEST

START_TEST(ties_go_to_the_earlier_layer) {
  begin_with(3);
  for (int l = 0; l < 3; l++) {
    set(l, 0, 1000, 1e-6);
    set(l, 2, 500, 1e-3);
  }
  make_front();
  for (int p = 0; p < 4; p++)
    for (int l = 0; l < 3; l++) ck_assert_int_eq(front.plans[p].choice[l], l < p ? 2 : 0);
}
END_TEST

START_TEST(a_size_that_can_be_had_is_kept) {
  three_layers();
  make_front();
  ck_assert(mixed_fit(&table, &front, 2100, &plan));
  ck_assert_int_eq(plan.bytes, 2000);
  ck_assert_int_eq(plan.choice[1], 0);
  ck_assert(mixed_fit(&table, &front, 1500, &plan));
  ck_assert_int_eq(plan.bytes, 1500);
  ck_assert(mixed_fit(&table, &front, 1000000, &plan));
  ck_assert_int_eq(plan.bytes, 3000);
}
END_TEST

START_TEST(the_smallest_is_given_where_no_size_fits) {
  three_layers();
  make_front();
  ck_assert(!mixed_fit(&table, &front, 1499, &plan));
  ck_assert_int_eq(plan.bytes, 1500);
}
END_TEST

/* The front goes from 1200 to 700 bytes by the large layer; within 1100 the two small ones are better. */
START_TEST(exchanges_fill_the_room_between_plans) {
  begin_with(3);
  set(0, 0, 1000, 1e-6);
  set(0, 2, 500, 4.0e-4);
  for (int l = 1; l < 3; l++) {
    set(l, 0, 100, 1e-6);
    set(l, 2, 50, 1.0e-4);
  }
  make_front();
  ck_assert_int_eq(front.plans[1].bytes, 700);
  ck_assert(mixed_fit(&table, &front, 1100, &plan));
  ck_assert_int_eq(plan.choice[0], 0);
  ck_assert_int_eq(plan.choice[1], 2);
  ck_assert_int_eq(plan.choice[2], 2);
  ck_assert_int_eq(plan.bytes, 1100);
}
END_TEST

START_TEST(room_that_is_left_is_used) {
  begin_with(2);
  set(0, 0, 1000, 1e-6);
  set(0, 2, 500, 1e-3);
  set(1, 0, 200, 1e-6);
  set(1, 2, 100, 1e-5);
  make_front();
  ck_assert_int_eq(front.plans[front.count - 1].bytes, 600);
  ck_assert(mixed_fit(&table, &front, 700, &plan));
  ck_assert_int_eq(plan.bytes, 700);
  ck_assert_int_eq(plan.choice[1], 0);
}
END_TEST

START_TEST(layers_with_one_option_stay) {
  begin_with(2);
  set(0, 0, 1000, 1e-3);
  set(1, 0, 1000, 1e-6);
  set(1, 2, 500, 1e-3);
  make_front();
  ck_assert_int_eq(front.count, 2);
  ck_assert_int_eq(front.plans[1].choice[0], 0);
}
END_TEST

Suite *suite_mixed_front(void) {
  Suite *suite = suite_create("mixed_front");
  TCase *tests = tcase_create("tables");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_add_test(tests, the_cheapest_byte_is_saved_first);
  tcase_add_test(tests, dominated_options_are_left_out);
  tcase_add_test(tests, the_finest_comes_first_even_if_it_is_not_the_first_candidate);
  tcase_add_test(tests, ties_go_to_the_earlier_layer);
  tcase_add_test(tests, a_size_that_can_be_had_is_kept);
  tcase_add_test(tests, the_smallest_is_given_where_no_size_fits);
  tcase_add_test(tests, exchanges_fill_the_room_between_plans);
  tcase_add_test(tests, room_that_is_left_is_used);
  tcase_add_test(tests, layers_with_one_option_stay);
  suite_add_tcase(suite, tests);
  return suite;
}
