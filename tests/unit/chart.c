/* Charts: axes that end at round numbers, lines with gaps, words that may be anything; the curve of a
   training whatever its numbers are. */
#include "cmd/chart.h"
#include "cmd/train_curve.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_chart(void);

static void expect_axis(ChartAxis axis, double least, double most, double step) {
  ck_assert_double_eq_tol(axis.least, least, 1e-9 * step);
  ck_assert_double_eq_tol(axis.most, most, 1e-9 * step);
  ck_assert_double_eq_tol(axis.step, step, 1e-9 * step);
}

START_TEST(axes_are_round) {
  expect_axis(chart_axis(0.13, 2.31, 5), 0, 2.5, 0.5);
  expect_axis(chart_axis(0, 97, 8), 0, 100, 20);
  expect_axis(chart_axis(-3, 4, 7), -3, 4, 1);
  expect_axis(chart_axis(0.0021, 0.0079, 3), 0.002, 0.008, 0.002);
  expect_axis(chart_axis_exact(1, 12, 10), 1, 12, 2);
  expect_axis(chart_axis(5, 5, 5), 2, 8, 1); /* one number: in the middle */
  expect_axis(chart_axis(0, 0, 5), -0.6, 0.6, 0.2);
  expect_axis(chart_axis(INFINITY, -INFINITY, 5), 0, 1, 0.2);
}
END_TEST

static int count_of(const Text *text, const char *what) {
  int count = 0;
  for (const char *at = text->bytes; (at = strstr(at, what)) != NULL; at++) count++;
  return count;
}

START_TEST(lines_have_gaps) {
  Text text = {0};
  ChartPanel panel = {.text = &text,
                      .left = 10,
                      .top = 20,
                      .width = 100,
                      .height = 50,
                      .x = chart_axis(0, 10, 5),
                      .y = chart_axis(0, 1, 5)};
  ChartPoint points[] = {{0, 0}, {1, 1}, {2, NAN}, {3, 0.5}, {10, 1}};
  chart_line(&panel, &panel.y, points, 5, CHART_BLUE, "");
  ck_assert_ptr_nonnull(strstr(text.bytes, "d=\"M10.0 70.0 L20.0 20.0 M40.0 45.0 L110.0 20.0 \""));
  chart_dot(&panel, &panel.y, points[2], CHART_RED, 2);
  ck_assert_int_eq(count_of(&text, "<circle"), 0);
  text_free(&text);
}
END_TEST

START_TEST(words_may_be_anything) {
  Text text = {0};
  chart_text(&text, 1, 2, "start", "#222", "a<b> & \x1b[0m");
  ck_assert_ptr_nonnull(strstr(text.bytes, ">a&lt;b> &amp; ?[0m</text>"));
  text_free(&text);
}
END_TEST

static void draw(const TrainEpoch *epochs, size_t count, int64_t written, Text *text) {
  TrainLog log = {0};
  Error err = {0};
  for (size_t i = 0; i < count; i++) ck_assert_int_eq(train_log_add(&log, &epochs[i], &err), OK);
  ck_assert_int_eq(train_curve_svg(&log, "x", written, text, &err), OK);
  train_log_free(&log);
  ck_assert_int_eq(count_of(text, "nan"), 0);
  ck_assert_int_eq(count_of(text, "inf"), 0);
}

START_TEST(curves_have_what_is_known) {
  TrainEpoch full[] = {
      {.epoch = 1, .rate = 0.1, .loss = 2, .right = 10, .held_loss = 2.5, .held_right = 9},
      {.epoch = 2, .rate = 0.05, .loss = 1, .right = 60, .held_loss = 1.5, .held_right = 50}};
  TrainEpoch bare[] = {{.epoch = 1, .rate = 0, .loss = 0, .right = -1, .held_loss = NAN, .held_right = -1}};
  Text text = {0};
  draw(full, 2, 2, &text);
  ck_assert_int_eq(count_of(&text, "loss, held out"), 1);
  ck_assert_int_eq(count_of(&text, "top-1, held out"), 1);
  ck_assert_int_eq(count_of(&text, "<circle"), 10);
  ck_assert_int_eq(count_of(&text, "stroke-dasharray=\"2 3\""), 2); /* where epoch 2 is */
  text_free(&text);
  draw(bare, 1, 0, &text);
  ck_assert_int_eq(count_of(&text, "held out"), 0);
  ck_assert_int_eq(count_of(&text, "top-1"), 0);
  text_free(&text);
  full[1].loss = INFINITY; /* an average of what grew too large */
  draw(full, 2, 0, &text);
  text_free(&text);
}
END_TEST

/* The same columns in the header and below, whatever is known. */
START_TEST(lines_stand_below_their_header) {
  TrainEpoch epoch = {
      .epoch = 1, .rate = 0.1, .loss = 2, .right = 10, .held_loss = 2.5, .held_right = 9, .seconds = 3};
  TrainLog log = {0};
  Text text = {0};
  Error err = {0};
  ck_assert_int_eq(train_log_add(&log, &epoch, &err), OK);
  train_log_line(&log, 10, &text);
  ck_assert_str_eq(text.bytes, "    epoch      rate      loss     top-1  held-out     top-1      time\n"
                               "     1/10       0.1         2    10.00%       2.5     9.00%    3.00 s"
                               "  best so far");
  text_free(&text);
  epoch = (TrainEpoch){.epoch = 2, .held_right = 8, .right = -1, .held_loss = NAN};
  ck_assert_int_eq(train_log_add(&log, &epoch, &err), OK);
  ck_assert_uint_eq(log.best, 0);
  train_log_csv(&log, &text);
  ck_assert_str_eq(text.bytes, "epoch,rate,loss,accuracy,held_loss,held_accuracy,seconds\n"
                               "1,0.1,2,10.0000,2.5,9.0000,3.00\n"
                               "2,0,0,,,8.0000,0.00\n");
  text_free(&text);
  train_log_free(&log);
}
END_TEST

Suite *suite_chart(void) {
  Suite *suite = suite_create("chart");
  TCase *tests = tcase_create("chart");
  tcase_add_test(tests, axes_are_round);
  tcase_add_test(tests, lines_have_gaps);
  tcase_add_test(tests, words_may_be_anything);
  tcase_add_test(tests, curves_have_what_is_known);
  tcase_add_test(tests, lines_stand_below_their_header);
  suite_add_tcase(suite, tests);
  return suite;
}
