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

typedef struct Case {
  LossKind kind;
  const float *target;
  double temperature, weight;
} Case;

static double loss_of(const Case *c, const float *values, float *gradient) {
  double scratch[2 * CLASSES];
  LossRows rows = {.rows = 2,
                   .count = CLASSES,
                   .output = values,
                   .target = c->target,
                   .gradient = gradient,
                   .weight = c->weight,
                   .scale = 0.5,
                   .temperature = c->temperature,
                   .scratch = scratch};
  return loss_function(c->kind)(&rows);
}

static const Case losses[] = {
    {LOSS_CROSS_ENTROPY, truth, 1, 1},
    {LOSS_CROSS_ENTROPY, truth, 1, 0.3},
    {LOSS_DISTILLATION, target, 1, 1},
    {LOSS_DISTILLATION, target, 5, 0.7},
    {LOSS_DISTILLATION, target, 20, 1},
    {LOSS_MSE, target, 1, 1},
    {LOSS_MAE, target, 1, 2},
    {LOSS_HUBER, target, 1, 1},
    {LOSS_RECONSTRUCTION, target, 1, 0.5},
};

START_TEST(gradients_are_the_differences_of_the_loss) {
  float gradient[2 * CLASSES] = {0}, moved[2 * CLASSES];
  const float step = 1e-2f;
  loss_of(&losses[_i], output, gradient);
  for (int i = 0; i < 2 * CLASSES; i++) {
    memcpy(moved, output, sizeof moved);
    moved[i] = output[i] + step;
    double above = loss_of(&losses[_i], moved, NULL), right = (double)moved[i];
    moved[i] = output[i] - step;
    double below = loss_of(&losses[_i], moved, NULL), width = right - (double)moved[i];
    ck_assert_double_eq_tol((double)gradient[i], 0.5 * (above - below) / width, 1e-4);
  }
}
END_TEST

/* -log(e^2 / (e^0.5 + e^-1 + e^2)) for the first row, the second mixed of two classes. */
START_TEST(cross_entropy_is_that_of_the_softmax) {
  double first = log(exp(0.5) + exp(-1) + exp(2)) - 2;
  double second = log(exp(0) + exp(0.25) + exp(-0.75)) - 0.25 * 0.25;
  ck_assert_double_eq_tol(loss_of(&losses[0], output, NULL), first + second, 1e-6);
  ck_assert_double_eq_tol(loss_of(&losses[1], output, NULL), 0.3 * (first + second), 1e-6);
}
END_TEST

/* Differences of the rows: -0.5 -1.5 3 and -2 0.25 1.25. */
START_TEST(errors_are_means_over_the_elements) {
  ck_assert_double_eq_tol(loss_of(&losses[5], output, NULL), (0.25 + 2.25 + 9 + 4 + 0.0625 + 1.5625) / 3,
                          1e-6);
  ck_assert_double_eq_tol(loss_of(&losses[6], output, NULL), 2 * (0.5 + 1.5 + 3 + 2 + 0.25 + 1.25) / 3, 1e-6);
  ck_assert_double_eq_tol(loss_of(&losses[7], output, NULL), (0.125 + 1 + 2.5 + 1.5 + 0.03125 + 0.75) / 3,
                          1e-6);
}
END_TEST

START_TEST(a_student_that_equals_its_teacher_loses_nothing) {
  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
    float gradient[2 * CLASSES] = {0};
    if (losses[k].target != target) continue;
    ck_assert_double_eq_tol(loss_of(&losses[k], target, gradient), 0, 1e-9);
    for (int i = 0; i < 2 * CLASSES; i++) ck_assert_double_eq_tol((double)gradient[i], 0, 1e-6);
  }
}
END_TEST

/* Section 2.1 of the paper: at high temperature the gradient is the difference of the scores less their
   means, over the number of classes; T squared keeps it from vanishing. */
START_TEST(high_temperatures_match_the_scores) {
  Case hot = {LOSS_DISTILLATION, target, 1e4, 1};
  float gradient[2 * CLASSES] = {0};
  loss_of(&hot, output, gradient);
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
  ck_assert(isnan(loss_of(&losses[0], broken, NULL)));
}
END_TEST

/* ---- attention ---- */

#define ELEMENTS 8 /* two channels of four places, or places of two channels */

static const float feature[2 * ELEMENTS] = {0.5f, -1, 2,     0.25f, 1, 0.75f, -0.5f, 0.1f,
                                            -2,   1,  0.25f, 0.5f,  3, -1,    0.2f,  0.7f};
static const float map[2 * 4] = {1, 2, 0.5f, 0, 0.25f, 3, 1, 1};
static const int64_t each[4] = {0, 1, 2, 3}, pairs[4] = {0, 0, 1, 1};
static const AttentionForm forms[] = {{2, 4, 4, 1, 4, each},   /* channels, then places */
                                      {2, 4, 1, 2, 4, each},   /* places, then channels */
                                      {2, 4, 4, 1, 2, pairs}}; /* two places are one of the map */

static double attention_of(const AttentionForm *form, const float *values, const float *to, float *gradient) {
  double scratch[2 * ELEMENTS];
  LossRows rows = {.rows = 2,
                   .count = ELEMENTS,
                   .output = values,
                   .target = to,
                   .gradient = gradient,
                   .weight = 3,
                   .scale = 0.5,
                   .attention = form,
                   .scratch = scratch};
  return loss_attention(&rows);
}

START_TEST(gradients_of_attention_are_its_differences) {
  float gradient[2 * ELEMENTS] = {0}, moved[2 * ELEMENTS];
  const float step = 1e-2f;
  attention_of(&forms[_i], feature, map, gradient);
  for (int i = 0; i < 2 * ELEMENTS; i++) {
    memcpy(moved, feature, sizeof moved);
    moved[i] = feature[i] + step;
    double above = attention_of(&forms[_i], moved, map, NULL), right = (double)moved[i];
    moved[i] = feature[i] - step;
    double below = attention_of(&forms[_i], moved, map, NULL), width = right - (double)moved[i];
    ck_assert_double_eq_tol((double)gradient[i], 0.5 * (above - below) / width, 1e-3);
  }
}
END_TEST

/* One row with the map (1, 0, 0, 0) and a teacher of (0, 0, 0, 5): both of length 1, at right angles. */
START_TEST(attention_compares_directions) {
  const float values[2 * ELEMENTS] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5f, 0, 0, 0, 2};
  const float to[2 * 4] = {0, 0, 0, 5, 0, 0, 0, 7};
  ck_assert_double_eq_tol(attention_of(&forms[0], values, to, NULL), 3 * 2.0, 1e-9);
}
END_TEST

START_TEST(a_map_of_zeros_has_no_gradient) {
  const float nothing[2 * ELEMENTS] = {0};
  float gradient[2 * ELEMENTS] = {0};
  ck_assert_double_eq_tol(attention_of(&forms[0], nothing, map, gradient), 3 * 2.0, 1e-9);
  for (int i = 0; i < 2 * ELEMENTS; i++) ck_assert(gradient[i] == 0);
}
END_TEST

Suite *suite_distill_loss(void) {
  Suite *suite = suite_create("distill_loss");
  TCase *cases = tcase_create("losses");
  tcase_add_loop_test(cases, gradients_are_the_differences_of_the_loss, 0,
                      (int)(sizeof losses / sizeof *losses));
  tcase_add_test(cases, cross_entropy_is_that_of_the_softmax);
  tcase_add_test(cases, errors_are_means_over_the_elements);
  tcase_add_test(cases, a_student_that_equals_its_teacher_loses_nothing);
  tcase_add_test(cases, high_temperatures_match_the_scores);
  tcase_add_test(cases, a_score_that_is_no_number_makes_the_loss_none);
  tcase_add_loop_test(cases, gradients_of_attention_are_its_differences, 0,
                      (int)(sizeof forms / sizeof *forms));
  tcase_add_test(cases, attention_compares_directions);
  tcase_add_test(cases, a_map_of_zeros_has_no_gradient);
  suite_add_tcase(suite, cases);
  return suite;
}
