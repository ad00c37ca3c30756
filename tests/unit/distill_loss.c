/* Losses by numbers worked out by hand, and their gradients by finite differences. */
#include "distill/loss.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_distill_loss(void);

#define CLASSES 3

static const float output[2 * CLASSES] = {0.5f, -1, 2, 0, 0.25f, -0.75f};
static const float target[2 * CLASSES] = {1, 0.5f, -1, 2, 0, -2};
static const float truth[2 * CLASSES] = {0, 0, 1, 0.75f, 0.25f, 0};

static double loss_of(const LossOptions *options, const float *values, const float *classes,
                      float *gradient) {
  double scratch[2 * CLASSES];
  LossRows rows = {.rows = 2,
                   .count = CLASSES,
                   .output = values,
                   .target = target,
                   .truth = classes,
                   .gradient = gradient,
                   .scale = 0.5,
                   .scratch = scratch};
  return loss_rows(options, &rows);
}

static const LossOptions losses[] = {
    {.kind = LOSS_CROSS_ENTROPY},
    {.kind = LOSS_DISTILLATION, .temperature = 1, .hard_weight = 0},
    {.kind = LOSS_DISTILLATION, .temperature = 5, .hard_weight = 0.3},
    {.kind = LOSS_DISTILLATION, .temperature = 20, .hard_weight = 1},
    {.kind = LOSS_MSE},
};

START_TEST(gradients_are_the_differences_of_the_loss) {
  float gradient[2 * CLASSES] = {0}, moved[2 * CLASSES];
  const float step = 1e-2f;
  loss_of(&losses[_i], output, truth, gradient);
  for (int i = 0; i < 2 * CLASSES; i++) {
    memcpy(moved, output, sizeof moved);
    moved[i] = output[i] + step;
    double above = loss_of(&losses[_i], moved, truth, NULL), right = (double)moved[i];
    moved[i] = output[i] - step;
    double below = loss_of(&losses[_i], moved, truth, NULL), width = right - (double)moved[i];
    ck_assert_double_eq_tol((double)gradient[i], 0.5 * (above - below) / width, 1e-4);
  }
}
END_TEST

/* -log(e^2 / (e^0.5 + e^-1 + e^2)) for the first row, the second mixed of two classes. */
START_TEST(cross_entropy_is_that_of_the_softmax) {
  double first = log(exp(0.5) + exp(-1) + exp(2)) - 2;
  double second = log(exp(0) + exp(0.25) + exp(-0.75)) - 0.25 * 0.25;
  ck_assert_double_eq_tol(loss_of(&losses[0], output, truth, NULL), first + second, 1e-6);
}
END_TEST

START_TEST(a_student_that_equals_its_teacher_loses_nothing) {
  float gradient[2 * CLASSES] = {0};
  ck_assert_double_eq_tol(loss_of(&losses[1], target, NULL, gradient), 0, 1e-9);
  for (int i = 0; i < 2 * CLASSES; i++) ck_assert_double_eq_tol((double)gradient[i], 0, 1e-7);
}
END_TEST

/* Section 2.1 of the paper: at high temperature the gradient is the difference of the scores less their
   means, over the number of classes; T squared keeps it from vanishing. */
START_TEST(high_temperatures_match_the_scores) {
  LossOptions hot = {.kind = LOSS_DISTILLATION, .temperature = 1e4};
  float gradient[2 * CLASSES] = {0};
  loss_of(&hot, output, NULL, gradient);
  for (int row = 0; row < 2; row++) {
    double mean = 0;
    for (int i = 0; i < CLASSES; i++)
      mean += ((double)output[row * CLASSES + i] - (double)target[row * CLASSES + i]) / CLASSES;
    for (int i = row * CLASSES; i < (row + 1) * CLASSES; i++)
      ck_assert_double_eq_tol((double)gradient[i],
                              0.5 * ((double)output[i] - (double)target[i] - mean) / CLASSES, 1e-3);
  }
}
END_TEST

START_TEST(a_score_that_is_no_number_makes_the_loss_none) {
  float broken[2 * CLASSES];
  memcpy(broken, output, sizeof broken);
  broken[4] = NAN;
  ck_assert(isnan(loss_of(&losses[0], broken, truth, NULL)));
}
END_TEST

Suite *suite_distill_loss(void) {
  Suite *suite = suite_create("distill_loss");
  TCase *cases = tcase_create("losses");
  tcase_add_loop_test(cases, gradients_are_the_differences_of_the_loss, 0,
                      (int)(sizeof losses / sizeof *losses));
  tcase_add_test(cases, cross_entropy_is_that_of_the_softmax);
  tcase_add_test(cases, a_student_that_equals_its_teacher_loses_nothing);
  tcase_add_test(cases, high_temperatures_match_the_scores);
  tcase_add_test(cases, a_score_that_is_no_number_makes_the_loss_none);
  suite_add_tcase(suite, cases);
  return suite;
}
