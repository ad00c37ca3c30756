/* Orders of axes in memory, and loops over operands that lie differently. */
#include "lower/layout.h"

#include <check.h>

START_TEST(channels_lie_last) {
  Shape shape = SHAPE(2, 3, 4, 5);
  int32_t stride[GRAPH_MAX_RANK];
  int order[GRAPH_MAX_RANK];
  layout_strides(&shape, LAYOUT_LAST, stride);
  layout_order(&shape, LAYOUT_LAST, order);
  const int32_t strides[] = {60, 1, 15, 3};
  const int orders[] = {0, 2, 3, 1};
  for (int d = 0; d < 4; d++) {
    ck_assert_int_eq(stride[d], strides[d]);
    ck_assert_int_eq(order[d], orders[d]);
  }
  uint32_t dims[4];
  layout_image(&SHAPE(2, 3, 7), dims);
  ck_assert_uint_eq(dims[1], 1);
  ck_assert_uint_eq(dims[2], 7);
  ck_assert_uint_eq(dims[3], 3);
}
END_TEST

START_TEST(same_bytes_in_both_orders) {
  ck_assert(layout_is_same(&SHAPE(1, 8, 1, 1)));
  ck_assert(layout_is_same(&SHAPE(4, 1, 6)));
  ck_assert(layout_is_same(&SHAPE(2, 3)));
  ck_assert(!layout_is_same(&SHAPE(1, 2, 3, 1)));
}
END_TEST

/* Dense operands become one loop; a vector over channels keeps two. */
START_TEST(loops_merge) {
  Shape image = SHAPE(2, 3, 4, 5), vector = SHAPE(3, 1, 1);
  Loops loops;
  loops_broadcast(&loops, &image, LAYOUT_LAST, 2, (const Shape *const[]){&image, &image},
                  (const Layout[]){LAYOUT_LAST, LAYOUT_LAST});
  ck_assert_int_eq(loops.rank, 1);
  ck_assert_int_eq(loops.dims[0], 120);
  loops_broadcast(&loops, &image, LAYOUT_LAST, 2, (const Shape *const[]){&image, &vector},
                  (const Layout[]){LAYOUT_LAST, LAYOUT_PLAIN});
  ck_assert_int_eq(loops.rank, 2);
  ck_assert_int_eq(loops.dims[0], 40);
  ck_assert_int_eq(loops.stride[1][0], 0);
  ck_assert_int_eq(loops.dims[1], 3);
  ck_assert_int_eq(loops.stride[1][1], 1);
}
END_TEST

START_TEST(too_many_loops_are_refused) {
  Loops loops = {.operands = 1};
  for (int d = 0; d < EDGE_MAX_RANK + 1; d++)
    loops_add(&loops, 2, (int32_t[LOOP_OPERANDS]){d % 2 == 0 ? 1 : 7});
  int32_t rank, dims[EDGE_MAX_RANK], stride[EDGE_MAX_RANK];
  ck_assert(!loops_store(&loops, &rank, dims, (int32_t *const[]){stride}));
  loops.rank = 2;
  ck_assert(loops_store(&loops, &rank, dims, (int32_t *const[]){stride}));
  ck_assert_int_eq(dims[2], 1);
  ck_assert_int_eq(stride[2], 0);
}
END_TEST

Suite *suite_lower_layout(void);
Suite *suite_lower_layout(void) {
  Suite *suite = suite_create("lower_layout");
  TCase *tests = tcase_create("layout");
  tcase_add_test(tests, channels_lie_last);
  tcase_add_test(tests, same_bytes_in_both_orders);
  tcase_add_test(tests, loops_merge);
  tcase_add_test(tests, too_many_loops_are_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
