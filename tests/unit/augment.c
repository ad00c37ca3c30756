/* Samples of pictures that are changed by seeded chance. */
#include "distill/augment.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_augment(void);

enum { SEEDS = 300 };

static void count_up(float *sample, int count) {
  for (int i = 0; i < count; i++) sample[i] = (float)(i + 1);
}

/* 1, 2, 3 ... changed with a seed. */
static void change(const AugmentOptions *options, const Shape *form, uint64_t seed, float *sample) {
  float scratch[64];
  Random random = {.state = seed};
  int count = (int)shape_elements(form);
  ck_assert_int_le(count, 64);
  ck_assert_int_eq(augment_check(options, form, NULL), OK);
  count_up(sample, count);
  augment_sample(options, form, &random, sample, scratch);
}

START_TEST(says_whether_it_does_anything) {
  ck_assert(!augment_any(&(AugmentOptions){.fill = 1, .width = 2, .height = 2}));
  ck_assert(augment_any(&(AugmentOptions){.flip = true}));
  ck_assert(augment_any(&(AugmentOptions){.shift = 1}));
  ck_assert(augment_any(&(AugmentOptions){.rotate = 1}));
  ck_assert(augment_any(&(AugmentOptions){.noise = 1}));
  ck_assert(augment_any(&(AugmentOptions){.cutout = 0.5}));
  ck_assert(augment_any(&(AugmentOptions){.mixup = 1}));
}
END_TEST

START_TEST(flips_are_mirror_images) {
  static const float as_is[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  static const float mirrored[] = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
  const Shape form = SHAPE(2, 2, 3);
  int flipped = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[12];
    change(&(AugmentOptions){.flip = true}, &form, seed, sample);
    bool is_mirrored = memcmp(sample, mirrored, sizeof sample) == 0;
    ck_assert(is_mirrored || memcmp(sample, as_is, sizeof sample) == 0);
    flipped += is_mirrored;
  }
  ck_assert_int_gt(flipped, SEEDS / 3);
  ck_assert_int_lt(flipped, SEEDS * 2 / 3);
}
END_TEST

/* The 3 x 4 picture of 1..12 for each of two channels, moved. */
static void expect_moved(int down, int right, float fill, float *expected) {
  for (int c = 0, at = 0; c < 2; c++)
    for (int y = 0; y < 3; y++)
      for (int x = 0; x < 4; x++, at++) {
        int row = y - down, column = x - right;
        bool inside = row >= 0 && row < 3 && column >= 0 && column < 4;
        expected[at] = inside ? (float)(c * 12 + row * 4 + column + 1) : fill;
      }
}

START_TEST(shifts_by_whole_pixels) {
  const Shape form = SHAPE(1, 2, 3, 4);
  int seen[5][5] = {{0}};
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[24], expected[24];
    int found = 0;
    change(&(AugmentOptions){.shift = 2, .fill = -1}, &form, seed, sample);
    for (int down = -2; down <= 2; down++)
      for (int right = -2; right <= 2; right++) {
        expect_moved(down, right, -1, expected);
        if (memcmp(sample, expected, sizeof sample) != 0) continue;
        seen[down + 2][right + 2]++;
        found++;
      }
    ck_assert_int_eq(found, 1);
  }
  for (int i = 0; i < 25; i++) ck_assert_int_gt(seen[i / 5][i % 5], 0);
}
END_TEST

START_TEST(shifts_beyond_the_picture_leave_nothing_behind) {
  const Shape form = SHAPE(2, 2);
  int empty = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[4];
    change(&(AugmentOptions){.shift = 1000}, &form, seed, sample);
    empty += sample[0] == 0 && sample[1] == 0 && sample[2] == 0 && sample[3] == 0;
  }
  ck_assert_int_gt(empty, SEEDS * 9 / 10);
}
END_TEST

START_TEST(rotation_by_next_to_nothing_is_identity) {
  const Shape form = SHAPE(2, 4, 5);
  float sample[40], expected[40];
  count_up(expected, 40);
  change(&(AugmentOptions){.rotate = 0}, &form, 3, sample);
  ck_assert_mem_eq(sample, expected, sizeof sample);
  change(&(AugmentOptions){.rotate = 1e-12}, &form, 3, sample);
  for (int i = 0; i < 40; i++) ck_assert_float_eq_tol(sample[i], expected[i], 1e-4f);
}
END_TEST

START_TEST(rotation_stays_inside_the_range) {
  const Shape form = SHAPE(5, 5);
  int moved = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[25];
    change(&(AugmentOptions){.rotate = 90}, &form, seed, sample);
    for (int i = 0; i < 25; i++) ck_assert(sample[i] >= 0 && sample[i] <= 25.0001f);
    ck_assert_float_eq_tol(sample[12], 13, 1e-5f); /* what it turns around */
    moved += fabsf(sample[2] - 3) > 0.1f;
  }
  ck_assert_int_gt(moved, SEEDS * 3 / 4);
}
END_TEST

/* The seed whose angle is nearest to a quarter turn: what was a row is a column, one way or the other. */
START_TEST(rotation_by_a_quarter_turns_rows_into_columns) {
  const Shape form = SHAPE(3, 3);
  uint64_t best = 0;
  double nearest = 2;
  for (uint64_t seed = 0; seed < 20000; seed++) {
    double angle = fabs(2 * random_unit(&(Random){.state = seed}) - 1);
    if (1 - angle < nearest) nearest = 1 - angle, best = seed;
  }
  float sample[9];
  change(&(AugmentOptions){.rotate = 90}, &form, best, sample);
  static const float turned[2][9] = {{7, 4, 1, 8, 5, 2, 9, 6, 3}, {3, 6, 9, 2, 5, 8, 1, 4, 7}};
  const float *expected = turned[sample[0] < 5];
  for (int i = 0; i < 9; i++) ck_assert_float_eq_tol(sample[i], expected[i], 0.05f);
}
END_TEST

/* A square of 2 with its middle on any pixel: 4 pixels, or fewer where it is cut by the border. */
START_TEST(cutout_blanks_one_square) {
  const Shape form = SHAPE(2, 4, 5);
  int sizes[5] = {0};
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[40];
    int top = 4, bottom = -1, left = 5, right = -1, blank = 0;
    change(&(AugmentOptions){.cutout = 0.5, .fill = -7}, &form, seed, sample);
    for (int i = 0; i < 20; i++) {
      ck_assert((sample[i] == -7) == (sample[20 + i] == -7)); /* the same place in every channel */
      if (sample[i] != -7) {
        ck_assert_float_eq(sample[i], (float)(i + 1));
        continue;
      }
      int y = i / 5, x = i % 5;
      top = y < top ? y : top, bottom = y > bottom ? y : bottom;
      left = x < left ? x : left, right = x > right ? x : right;
      blank++;
    }
    ck_assert_int_eq(blank, (bottom - top + 1) * (right - left + 1));
    ck_assert(bottom - top < 2 && right - left < 2);
    ck_assert(bottom - top == 1 || top == 0 || bottom == 3);
    ck_assert(right - left == 1 || left == 0 || right == 4);
    sizes[blank]++;
  }
  ck_assert(sizes[4] > 0 && sizes[2] > 0 && sizes[1] > 0 && sizes[0] == 0);
}
END_TEST

START_TEST(noise_has_its_deviation) {
  const Shape form = SHAPE(64); /* no picture is needed */
  double sum = 0, squares = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    float sample[64];
    change(&(AugmentOptions){.noise = 0.25}, &form, seed * 1000003, sample);
    for (int i = 0; i < 64; i++) {
      double added = (double)sample[i] - (i + 1);
      sum += added;
      squares += added * added;
    }
  }
  ck_assert_double_eq_tol(sum / (SEEDS * 64), 0, 0.01);
  ck_assert_double_eq_tol(sqrt(squares / (SEEDS * 64)), 0.25, 0.01);
}
END_TEST

/* Mean 1/2 and variance 1 / (4 (2 alpha + 1)), of Johnk's method, Cheng's, and far out on both sides. */
START_TEST(mixup_shares_are_beta) {
  static const double alphas[] = {1e-300, 1e-6, 0.01, 0.2, 1, 1.001, 2, 8, 16, 1e4};
  for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
    AugmentOptions options = {.mixup = alphas[a]};
    Random random = {.state = 5};
    double sum = 0, squares = 0;
    for (int i = 0; i < 20000; i++) {
      double lambda = augment_mixup_weight(&options, &random);
      ck_assert(lambda >= 0 && lambda <= 1);
      sum += lambda;
      squares += (lambda - 0.5) * (lambda - 0.5);
    }
    double variance = 1 / (4 * (2 * alphas[a] + 1));
    ck_assert_double_eq_tol(sum / 20000, 0.5, 0.015);
    ck_assert_double_eq_tol(squares / 20000 / variance, 1, 0.05);
  }
}
END_TEST

START_TEST(mixes_by_share) {
  Random random = {.state = 9};
  ck_assert_double_eq(augment_mixup_weight(&(AugmentOptions){.flip = true}, &random), 1);
  ck_assert_uint_eq(random.state, 9); /* nothing is drawn for what is off */
  float sample[] = {4, 8, -2}, all[] = {4, 8, -2}, none[] = {4, 8, -2};
  const float other[] = {0, 16, 2};
  augment_mix(sample, other, 3, 0.75);
  ck_assert(sample[0] == 3 && sample[1] == 10 && sample[2] == -1);
  augment_mix(all, other, 3, 1);
  ck_assert(all[0] == 4 && all[1] == 8 && all[2] == -2);
  augment_mix(none, other, 3, 0);
  ck_assert(none[0] == 0 && none[1] == 16 && none[2] == 2);
}
END_TEST

START_TEST(seeds_decide) {
  const AugmentOptions all = {
      .flip = true, .shift = 2, .rotate = 20, .noise = 0.5, .cutout = 0.4, .mixup = 0.4, .fill = 0.5};
  const Shape form = SHAPE(3, 4, 4);
  float first[48], again[48], another[48];
  change(&all, &form, 11, first);
  change(&all, &form, 11, again);
  change(&all, &form, 12, another);
  ck_assert_mem_eq(first, again, sizeof first);
  ck_assert_mem_ne(first, another, sizeof first);
}
END_TEST

/* Two forms of the same 2 x 6 picture, or pictures, in memory. */
static void expect_same(Shape form, Shape other, AugmentOptions size) {
  AugmentOptions options = {.flip = true, .shift = 1, .cutout = 0.5}, sized = options;
  sized.width = size.width, sized.height = size.height;
  for (uint64_t seed = 0; seed < 50; seed++) {
    float sample[64], expected[64];
    change(&options, &other, seed, expected);
    change(&sized, &form, seed, sample);
    ck_assert_mem_eq(sample, expected, (size_t)shape_elements(&form) * sizeof *sample);
  }
}

START_TEST(forms_of_a_picture) {
  const AugmentOptions unsized = {0}, wide = {.width = 6, .height = 2};
  expect_same(SHAPE(1, 1, 2, 6), SHAPE(2, 6), unsized);
  expect_same(SHAPE(1, 2, 6), SHAPE(2, 6), unsized);
  expect_same(SHAPE(16), SHAPE(4, 4), unsized);
  expect_same(SHAPE(1, 16), SHAPE(4, 4), unsized);
  expect_same(SHAPE(12), SHAPE(2, 6), wide);
  expect_same(SHAPE(1, 12), SHAPE(2, 6), wide);
  expect_same(SHAPE(1, 1, 12), SHAPE(2, 6), wide);
  expect_same(SHAPE(1, 1, 1, 12), SHAPE(2, 6), wide);
  expect_same(SHAPE(1, 2, 6), SHAPE(2, 6), wide); /* says the same */
  expect_same(SHAPE(12), SHAPE(2, 6), (AugmentOptions){.width = 6});
  expect_same(SHAPE(36), SHAPE(3, 2, 6), wide); /* channel after channel */
}
END_TEST

static void expect_refused(AugmentOptions options, Shape form, const char *option, const char *shape) {
  Error err = {0};
  ck_assert_int_eq(augment_check(&options, &form, &err), BAD_USAGE);
  ck_assert_msg(strstr(err.text, option) != NULL && strstr(err.text, shape) != NULL, "%s", err.text);
}

START_TEST(refuses_what_is_no_picture) {
  const AugmentOptions sized = {.flip = true, .width = 5, .height = 5};
  expect_refused((AugmentOptions){.flip = true}, SHAPE(10), "--flip", "[10]");
  expect_refused((AugmentOptions){.shift = 1}, SHAPE(3072), "--shift", "[3072]");
  expect_refused((AugmentOptions){.rotate = 5}, SHAPE(2, 3, 4, 5), "--rotate", "[2,3,4,5]");
  expect_refused((AugmentOptions){.cutout = 0.5}, SHAPE_SCALAR, "--cutout", "[]");
  expect_refused((AugmentOptions){.cutout = 0.5}, SHAPE(3, 0, 4), "--cutout", "[3,0,4]");
  expect_refused((AugmentOptions){.flip = true}, SHAPE(3, -1, 4), "--flip", "[3,");
  expect_refused((AugmentOptions){.flip = true}, SHAPE(-1), "--flip", "[");
  expect_refused(sized, SHAPE(24), "--picture", "[24]");
  expect_refused(sized, SHAPE(10), "--picture", "[10]");
  expect_refused(sized, SHAPE(3, 4, 4), "5 x 5", "[3,4,4]");
  expect_refused((AugmentOptions){.flip = true, .width = INT64_MAX, .height = INT64_MAX}, SHAPE(100),
                 "--picture", "[100]");
}
END_TEST

START_TEST(noise_and_mixup_need_no_picture) {
  const AugmentOptions options = {.noise = 1, .mixup = 1};
  ck_assert_int_eq(augment_check(&options, &SHAPE(10), NULL), OK);
  ck_assert_int_eq(augment_check(&options, &SHAPE(2, 3, 4, 5), NULL), OK);
}
END_TEST

Suite *suite_augment(void) {
  Suite *suite = suite_create("augment");
  TCase *tests = tcase_create("augment");
  tcase_add_test(tests, says_whether_it_does_anything);
  tcase_add_test(tests, flips_are_mirror_images);
  tcase_add_test(tests, shifts_by_whole_pixels);
  tcase_add_test(tests, shifts_beyond_the_picture_leave_nothing_behind);
  tcase_add_test(tests, rotation_by_next_to_nothing_is_identity);
  tcase_add_test(tests, rotation_stays_inside_the_range);
  tcase_add_test(tests, rotation_by_a_quarter_turns_rows_into_columns);
  tcase_add_test(tests, cutout_blanks_one_square);
  tcase_add_test(tests, noise_has_its_deviation);
  tcase_add_test(tests, mixup_shares_are_beta);
  tcase_add_test(tests, mixes_by_share);
  tcase_add_test(tests, seeds_decide);
  tcase_add_test(tests, forms_of_a_picture);
  tcase_add_test(tests, refuses_what_is_no_picture);
  tcase_add_test(tests, noise_and_mixup_need_no_picture);
  suite_add_tcase(suite, tests);
  return suite;
}
