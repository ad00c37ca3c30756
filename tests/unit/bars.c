/* Bars of text. */
#include "cmd/bars.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

Suite *suite_bars(void);

static char buffer[BAR_ROOM];

START_TEST(lengths) {
  ck_assert_str_eq(bar_text(buffer, 1, 4, false), "####");
  ck_assert_str_eq(bar_text(buffer, 0.5, 4, false), "##");
  ck_assert_str_eq(bar_text(buffer, 0, 4, false), "");
  ck_assert_str_eq(bar_text(buffer, 1e-9, 4, false), "#");
  ck_assert_str_eq(bar_text(buffer, 7, 4, false), "####");
  ck_assert_str_eq(bar_text(buffer, NAN, 4, false), "");
}
END_TEST

START_TEST(eighths) {
  ck_assert_str_eq(bar_text(buffer, 1, 2, true), "\xe2\x96\x88\xe2\x96\x88");
  ck_assert_str_eq(bar_text(buffer, 0.25, 2, true), "\xe2\x96\x8c");
  ck_assert_str_eq(bar_text(buffer, 1e-9, 2, true), "\xe2\x96\x8f");
  ck_assert_str_eq(bar_text(buffer, 9.0 / 16, 2, true), "\xe2\x96\x88\xe2\x96\x8f");
}
END_TEST

START_TEST(the_environment_says_utf8) {
  unsetenv("LC_ALL");
  unsetenv("LC_CTYPE");
  setenv("LANG", "C", 1);
  ck_assert(!bars_are_utf8());
  setenv("LANG", "de_DE.UTF-8", 1);
  ck_assert(bars_are_utf8());
  setenv("LC_CTYPE", "C.utf8", 1);
  setenv("LC_ALL", "POSIX", 1);
  ck_assert(!bars_are_utf8());
}
END_TEST

Suite *suite_bars(void) {
  Suite *suite = suite_create("bars");
  TCase *tests = tcase_create("bars");
  tcase_add_test(tests, lengths);
  tcase_add_test(tests, eighths);
  tcase_add_test(tests, the_environment_says_utf8);
  suite_add_tcase(suite, tests);
  return suite;
}
