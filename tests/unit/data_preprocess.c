/* Layout, scale, mean and standard deviation of samples. */
#include "formats/data/data.h"

#include <check.h>
#include <string.h>

Suite *suite_data_preprocess(void);

static DataForm form_of(int rank, const int64_t *dims) {
  DataForm form = {.type = DATA_F32, .samples = 1, .rank = rank, .elements = 1};
  for (int i = 0; i < rank; i++) {
    form.dims[i] = dims[i];
    form.elements *= dims[i];
  }
  return form;
}

static void expect(const Preprocess *preprocess, int rank, const int64_t *dims, const float *wanted) {
  float sample[12], scratch[12];
  DataForm form = form_of(rank, dims);
  Error err = {0};
  for (int i = 0; i < 12; i++) sample[i] = (float)i;
  ck_assert_msg(preprocess_check(preprocess, &form, &err) == OK, "%s", err.text);
  preprocess_apply(preprocess, &form, sample, scratch);
  for (int i = 0; i < (int)form.elements; i++) ck_assert_float_eq(sample[i], wanted[i]);
}

static void expect_refused(const Preprocess *preprocess, int rank, const int64_t *dims, Status status,
                           const char *reason) {
  DataForm form = form_of(rank, dims);
  Error err = {0};
  ck_assert_int_eq(preprocess_check(preprocess, &form, &err), status);
  ck_assert_msg(strstr(err.text, reason) != NULL, "%s", err.text);
}

START_TEST(nothing_changes_nothing) {
  static const float wanted[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  expect(&(Preprocess){.scale = 1}, 3, (int64_t[]){2, 2, 3}, wanted);
}
END_TEST

START_TEST(layouts) {
  static const float planes[] = {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
  static const float pixels[] = {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11};
  expect(&(Preprocess){.scale = 1, .layout = LAYOUT_NHWC_TO_NCHW}, 3, (int64_t[]){2, 2, 3}, planes);
  expect(&(Preprocess){.scale = 1, .layout = LAYOUT_NCHW_TO_NHWC}, 3, (int64_t[]){3, 2, 2}, pixels);
}
END_TEST

START_TEST(one_value_for_all) {
  static const float wanted[] = {-1, -0.75f, -0.5f, -0.25f};
  Preprocess preprocess = {.scale = 0.5, .mean_count = 1, .mean = {2}, .std_count = 1, .std = {2}};
  expect(&preprocess, 1, (int64_t[]){4}, wanted);
  expect(&preprocess, 2, (int64_t[]){2, 2}, wanted);
}
END_TEST

START_TEST(values_by_channel) {
  static const float first[] = {0, 1, 2, 3, -6, -5, -4, -3, -12, -11, -10, -9};
  static const float last[] = {0, -9, -18, 3, -6, -15, 6, -3, -12, 9, 0, -9};
  static const float planes[] = {0, 3, 6, 9, -9, -6, -3, 0, -18, -15, -12, -9};
  static const float pixels[] = {0, -6, -12, 1, -5, -11, 2, -4, -10, 3, -3, -9};
  Preprocess preprocess = {.scale = 1, .mean_count = 3, .mean = {0, 10, 20}};
  expect(&preprocess, 3, (int64_t[]){3, 2, 2}, first);
  expect(&preprocess, 3, (int64_t[]){2, 2, 3}, last);
  preprocess.layout = LAYOUT_NHWC_TO_NCHW;
  expect(&preprocess, 3, (int64_t[]){2, 2, 3}, planes);
  preprocess.layout = LAYOUT_NCHW_TO_NHWC;
  expect(&preprocess, 3, (int64_t[]){3, 2, 2}, pixels);
}
END_TEST

START_TEST(mean_of_one_and_deviations_by_channel) {
  static const float wanted[] = {-1, 0, 0.25f, 0.5f};
  Preprocess preprocess = {.scale = 1, .mean_count = 1, .mean = {1}, .std_count = 2, .std = {1, 4}};
  expect(&preprocess, 2, (int64_t[]){2, 2}, wanted);
}
END_TEST

START_TEST(rounds_once) {
  float sample[1] = {255}, scratch[1];
  DataForm form = form_of(1, (int64_t[]){1});
  Preprocess preprocess = {
      .scale = 1.0 / 255, .mean_count = 1, .mean = {0.485}, .std_count = 1, .std = {0.229}};
  preprocess_apply(&preprocess, &form, sample, scratch);
  ck_assert_float_eq(sample[0], (float)((255 * (1.0 / 255) - 0.485) / 0.229));
}
END_TEST

START_TEST(refuses_what_does_not_fit) {
  Preprocess three = {.scale = 1, .mean_count = 3}, layout = {.scale = 1, .layout = LAYOUT_NHWC_TO_NCHW};
  Preprocess zero = {.scale = 1, .std_count = 1, .std = {0}};
  expect_refused(&three, 3, (int64_t[]){4, 2, 2}, BAD_INPUT, "3 values");
  expect_refused(&three, 0, NULL, BAD_INPUT, "1 channels");
  expect_refused(&layout, 2, (int64_t[]){28, 28}, BAD_INPUT, "three axes");
  expect_refused(&zero, 1, (int64_t[]){4}, BAD_USAGE, "above 0");
}
END_TEST

Suite *suite_data_preprocess(void) {
  Suite *suite = suite_create("data_preprocess");
  TCase *tests = tcase_create("preprocess");
  tcase_add_test(tests, nothing_changes_nothing);
  tcase_add_test(tests, layouts);
  tcase_add_test(tests, one_value_for_all);
  tcase_add_test(tests, values_by_channel);
  tcase_add_test(tests, mean_of_one_and_deviations_by_channel);
  tcase_add_test(tests, rounds_once);
  tcase_add_test(tests, refuses_what_does_not_fit);
  suite_add_tcase(suite, tests);
  return suite;
}
