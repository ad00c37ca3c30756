/* Arenas whose large objects may leave RAM. */
#include "base/spill.h"
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LARGE ((size_t)1 << 20)

Suite *suite_spill(void);

START_TEST(content_outlives_release) {
  Error err = {0};
  Arena arena = {.spill_from = 4096};
  uint8_t *large = arena_new(&arena, LARGE, 1, &err), *small = arena_new(&arena, 100, 1, &err);
  ck_assert_ptr_nonnull(large);
  ck_assert_uint_eq((uintptr_t)large % MEMORY_ALIGNMENT, 0);
  size_t wrong = 0;
  for (size_t i = 0; i < LARGE; i++) wrong += large[i] != 0;
  for (size_t i = 0; i < LARGE; i++) large[i] = (uint8_t)(i * 7);
  memset(small, 5, 100);
  arena_release(&arena);
  for (size_t i = 0; i < LARGE; i++) wrong += large[i] != (uint8_t)(i * 7);
  ck_assert_uint_eq(wrong, 0);
  ck_assert_uint_eq(small[99], 5);
  arena_free(&arena);
}
END_TEST

START_TEST(copies) {
  static const size_t sizes[] = {0, 1, 100, 5000, LARGE + 3};
  Error err = {0};
  uint8_t *content = bytes_new(LARGE + 3, &err);
  for (size_t i = 0; i < LARGE + 3; i++) content[i] = (uint8_t)(i * 11);
  for (size_t spill_from = 0; spill_from <= 4096; spill_from += 4096) {
    Arena arena = {.spill_from = spill_from};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      const uint8_t *copy = arena_copy(&arena, content, sizes[s], &err);
      ck_assert_ptr_nonnull(copy);
      arena_release(&arena);
      ck_assert_int_eq(memcmp(copy, content, sizes[s]), 0);
    }
    arena_free(&arena);
  }
  bytes_free(content);
}
END_TEST

/* Where no temporary file can be made, ordinary memory does. */
START_TEST(does_without_a_folder) {
  Error err = {0};
  Arena arena = {.spill_from = 4096};
  setenv("TMPDIR", "/nowhere/at/all", 1);
  ck_assert_ptr_null(spill_new(LARGE));
  uint8_t *large = arena_new(&arena, LARGE, 1, &err);
  ck_assert_ptr_nonnull(large);
  large[LARGE - 1] = 9;
  arena_release(&arena);
  ck_assert_uint_eq(large[LARGE - 1], 9);
  arena_free(&arena);
}
END_TEST

Suite *suite_spill(void) {
  Suite *suite = suite_create("spill");
  TCase *tests = tcase_create("spill");
  tcase_add_test(tests, content_outlives_release);
  tcase_add_test(tests, copies);
  tcase_add_test(tests, does_without_a_folder);
  suite_add_tcase(suite, tests);
  return suite;
}
