/* What is shown on a terminal: tables, wrapped prose, progress lines. */
#include "cmd/progress.h"
#include "cmd/table.h"
#include "cmd/wrap.h"

#include <check.h>
#include <string.h>

Suite *suite_screen(void);

static const TableColumn columns[] = {{"layer", TABLE_LEFT}, {"SQNR", TABLE_RIGHT}, {"note", TABLE_LEFT}};

static void fill(Table *table) {
  table_begin(table, columns, 3);
  table_cell(table, "%s", "conv1");
  table_cell(table, "%.1f", 21.25);
  table_cell(table, "%s", "");
  table_cell(table, "%s", "\xc3\xa4\xc3\xa4");
  table_cell(table, "%.1f", 107.0);
  table_cell(table, "%s", "a \"b\", c");
  table_cell(table, "%s", "last");
}

START_TEST(tables_are_aligned) {
  Table table;
  Text text = {0};
  fill(&table);
  ck_assert_int_eq(table_status(&table, NULL), OK);
  table_print(&table, &text);
  ck_assert_str_eq(text.bytes, "layer   SQNR  note\n"
                               "conv1   21.2\n"
                               "\xc3\xa4\xc3\xa4     107.0  a \"b\", c\n"
                               "last\n");
  text_free(&text);
  table_free(&table);
}
END_TEST

START_TEST(csv_is_quoted) {
  Table table;
  Text text = {0};
  fill(&table);
  table_csv(&table, &text);
  ck_assert_str_eq(text.bytes, "layer,SQNR,note\n"
                               "conv1,21.2,\n"
                               "\xc3\xa4\xc3\xa4,107.0,\"a \"\"b\"\", c\"\n"
                               "last,,\n");
  text_free(&text);
  table_free(&table);
}
END_TEST

static void expect_wrapped(const char *prose, int column, int indent, int width, const char *wanted) {
  Text text = {0};
  wrap_text(&text, prose, column, indent, width);
  ck_assert_str_eq(text.bytes, wanted);
  text_free(&text);
}

START_TEST(prose_is_wrapped) {
  expect_wrapped("one two three", 0, 0, 80, "one two three\n");
  expect_wrapped("one two three", 0, 2, 8, "one two\n  three\n");
  expect_wrapped("one two three", 4, 4, 11, "one two\n    three\n");
  expect_wrapped("a\nb", 0, 2, 8, "a\n  b\n");
  expect_wrapped("averyverylongword b", 0, 0, 5, "averyverylongword\nb\n");
  expect_wrapped("p\n\n  x   y", 0, 0, 4, "p\n\n  x   y\n");
}
END_TEST

START_TEST(progress_lines) {
  char buffer[PROGRESS_ROOM];
  Progress progress = {.what = "run"};
  ck_assert_str_eq(progress_line(buffer, &progress, 0, 10, 0), "run [........................]   0%");
  ck_assert_str_eq(progress_line(buffer, &progress, 5, 10, 3),
                   "run [############............]  50%  3.00 s left");
  ck_assert_str_eq(progress_line(buffer, &progress, 10, 10, 6), "run [########################] 100%");
  ck_assert_str_eq(progress_line(buffer, &progress, 0, 0, 0), "run [........................]   0%");
}
END_TEST

/* What was done before says nothing of how long the rest takes. */
START_TEST(progress_goes_on) {
  char buffer[PROGRESS_ROOM];
  Progress progress = {.what = "run", .from = 4, .detail = "loss 2"};
  ck_assert_str_eq(progress_line(buffer, &progress, 4, 10, 0), "run [#########...............]  40%  loss 2");
  ck_assert_str_eq(progress_line(buffer, &progress, 5, 10, 3),
                   "run [############............]  50%  loss 2  15 s left");
}
END_TEST

START_TEST(quiet_shows_no_progress) {
  Progress progress;
  progress_begin(&progress, "run", true);
  ck_assert(!progress.shown);
  progress_update(&progress, 1, 2);
  ck_assert(!progress.drawn);
  progress_end(&progress);
}
END_TEST

Suite *suite_screen(void) {
  Suite *suite = suite_create("screen");
  TCase *tests = tcase_create("screen");
  tcase_add_test(tests, tables_are_aligned);
  tcase_add_test(tests, csv_is_quoted);
  tcase_add_test(tests, prose_is_wrapped);
  tcase_add_test(tests, progress_lines);
  tcase_add_test(tests, progress_goes_on);
  tcase_add_test(tests, quiet_shows_no_progress);
  suite_add_tcase(suite, tests);
  return suite;
}
