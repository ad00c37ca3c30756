/* The training loop: it learns, keeps the best epoch, exports averages, holds samples out. */
#include "tests/support/train_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_train_loop(void);

#define MOST_EPOCHS 64
#define MOST_WEIGHTS 128

/* What the loop tells on its way. */
typedef struct Seen {
  TrainCase *c;
  int64_t steps, epochs, last_done;
  TrainEpoch rows[MOST_EPOCHS];
  float kept[MOST_WEIGHTS]; /* the student's weights at the end of epoch `keep`, or their average */
  int64_t kept_count;       /* 0: not yet */
  int64_t keep;
  double share; /* of an average that stays in a step */
} Seen;

static void see_step(void *context, const TrainProgress *progress) {
  Seen *seen = context;
  ck_assert_int_gt(progress->done, seen->last_done);
  ck_assert_int_le(progress->done, progress->total);
  seen->last_done = progress->done;
  seen->steps++;
}

static void keep_weights(Seen *seen) {
  const float *weights = train_case_weights(seen->c, &seen->kept_count);
  ck_assert_int_le(seen->kept_count, MOST_WEIGHTS);
  memcpy(seen->kept, weights, (size_t)seen->kept_count * sizeof *weights);
}

static void see_epoch(void *context, const TrainEpoch *epoch) {
  Seen *seen = context;
  seen->rows[seen->epochs++] = *epoch;
  if (epoch->epoch == seen->keep) keep_weights(seen);
}

static void watch(TrainCase *c, Seen *seen) {
  *seen = (Seen){.c = c};
  c->watch = (TrainWatch){.step = see_step, .epoch = see_epoch, .context = seen};
}

static void expect_weights(TrainCase *c, const float *expected, int64_t expected_count) {
  int64_t count;
  const float *weights = train_case_weights(c, &count);
  ck_assert_int_eq(count, expected_count);
  ck_assert_mem_eq(weights, expected, (size_t)count * sizeof *weights);
}

START_TEST(a_linear_problem_is_learned) {
  TrainCase c;
  Seen seen;
  train_case_begin(&c, TRAIN_LINEAR);
  watch(&c, &seen);
  c.options.epochs = 40;
  c.options.schedule.rate = 0.1;
  ck_assert_msg(train_case_run(&c) == OK, "%s", c.err.text);
  ck_assert_int_eq(c.report.loss, LOSS_CROSS_ENTROPY);
  ck_assert_int_eq(c.report.parameters, TRAIN_FEATURES * TRAIN_CLASS_COUNT + TRAIN_CLASS_COUNT);
  ck_assert_int_eq(seen.epochs, 40);
  ck_assert_int_eq(seen.steps, 40 * 5); /* 72 samples in batches of 16 */
  ck_assert_int_eq(seen.last_done, 40 * 72);
  ck_assert_double_gt(seen.rows[0].loss, 2 * seen.rows[39].loss);
  ck_assert_double_ge(seen.rows[39].right, 95);
  ck_assert_double_ge(c.report.best.held_right, 85);
  train_case_free(&c);
}
END_TEST

START_TEST(an_input_is_given_back) {
  TrainCase c;
  Seen seen;
  train_case_begin(&c, TRAIN_COPY);
  watch(&c, &seen);
  c.options.epochs = 60;
  c.options.schedule.rate = 0.05;
  ck_assert_msg(train_case_run(&c) == OK, "%s", c.err.text);
  ck_assert_int_eq(c.report.loss, LOSS_RECONSTRUCTION);
  ck_assert_double_lt(seen.rows[59].held_loss, 1e-3);
  ck_assert_double_lt(seen.rows[59].right, 0); /* there are no classes */
  train_case_free(&c);
}
END_TEST

/* Of steps that are too large for half of the classes being wrong: epochs get better and worse. */
START_TEST(the_best_epoch_is_written) {
  TrainCase c;
  Seen seen;
  train_case_begin(&c, TRAIN_LINEAR);
  c.options.epochs = 12;
  c.options.schedule.rate = 2;
  c.options.schedule.kind = SCHEDULE_CONSTANT;
  for (int s = 0; s < TRAIN_SAMPLES; s++)
    if (s % 2 == 0) c.labels[s] = (c.labels[s] + 1) % TRAIN_CLASS_COUNT;
  watch(&c, &seen);
  ck_assert_int_eq(train_case_run(&c), OK);
  int64_t best = c.report.best.epoch;
  for (int e = 0; e < 12; e++) {
    ck_assert(!train_epoch_is_better(&seen.rows[e], &c.report.best) || e + 1 == best);
    ck_assert_int_eq(seen.rows[e].epoch, e + 1);
  }
  ck_assert_int_lt(best, 12); /* else this tells nothing */
  watch(&c, &seen);
  seen.keep = best;
  ck_assert_int_eq(train_case_run(&c), OK);
  expect_weights(&c, seen.kept, seen.kept_count);
  watch(&c, &seen); /* without anything held out: the last epoch's */
  c.held = 0;
  seen.keep = 12;
  ck_assert_int_eq(train_case_run(&c), OK);
  ck_assert_int_eq(c.report.best.epoch, 12);
  ck_assert(isnan(c.report.best.held_loss));
  expect_weights(&c, seen.kept, seen.kept_count);
  train_case_free(&c);
}
END_TEST

/* The average of the weights after every step, from those at the start on. */
static void average_step(void *context, const TrainProgress *progress) {
  Seen *seen = context;
  int64_t count;
  (void)progress;
  const float *weights = train_case_weights(seen->c, &count);
  float kept = (float)seen->share;
  for (int64_t i = 0; i < count; i++) seen->kept[i] = kept * seen->kept[i] + (1.0f - kept) * weights[i];
}

START_TEST(averages_are_exported) {
  TrainCase c;
  Seen seen;
  train_case_begin(&c, TRAIN_LINEAR);
  c.options.epochs = 1;
  c.options.schedule.rate = 1e-30; /* the weights as they are at the start */
  watch(&c, &seen);
  seen.keep = 1;
  ck_assert_int_eq(train_case_run(&c), OK);
  for (int held = 0; held <= TRAIN_HELD; held += TRAIN_HELD) {
    Seen averaged = seen;
    averaged.share = 0.9;
    c.watch = (TrainWatch){.step = average_step, .context = &averaged};
    c.options.schedule.rate = 0.1;
    c.options.optimizer.ema = 0.9;
    c.held = held;
    ck_assert_int_eq(train_case_run(&c), OK);
    ck_assert_mem_ne(averaged.kept, seen.kept, sizeof(float));
    expect_weights(&c, averaged.kept, averaged.kept_count);
  }
  train_case_free(&c);
}
END_TEST

/* Every sample is on one side, and which side depends on the seed alone. */
START_TEST(what_is_held_out_is_not_trained_on) {
  int64_t rows[TRAIN_SAMPLES], again[TRAIN_HELD];
  TrainSet set = {.count = TRAIN_SAMPLES}, held;
  bool is_there[TRAIN_SAMPLES] = {false};
  Error err = {0};
  for (int round = 0; round < 2; round++) {
    set = (TrainSet){.count = TRAIN_SAMPLES, .rows = rows};
    for (int i = 0; i < TRAIN_SAMPLES; i++) rows[i] = i;
    ck_assert_int_eq(train_set_split(&set, TRAIN_HELD, 7, &held, &err), OK);
    ck_assert_int_eq(held.count, TRAIN_HELD);
    ck_assert_int_eq(set.count, TRAIN_SAMPLES - TRAIN_HELD);
    if (round == 1) ck_assert_mem_eq(again, held.rows, sizeof again);
    memcpy(again, held.rows, sizeof again);
    train_set_free(&held);
  }
  for (int64_t i = 0; i < TRAIN_SAMPLES; i++) {
    int64_t row = i < TRAIN_HELD ? again[i] : set.rows[i - TRAIN_HELD];
    ck_assert(row >= 0 && row < TRAIN_SAMPLES && !is_there[row]);
    is_there[row] = true;
  }
}
END_TEST

START_TEST(threads_change_no_byte) {
  TrainCase c;
  Seen seen;
  train_case_begin(&c, TRAIN_CLASSES);
  c.options.epochs = 2;
  watch(&c, &seen);
  ck_assert_msg(train_case_run(&c) == OK, "%s", c.err.text);
  keep_weights(&seen);
  c.pool = pool_new(3, &c.err);
  c.watch = (TrainWatch){0};
  ck_assert_int_eq(train_case_run(&c), OK);
  expect_weights(&c, seen.kept, seen.kept_count);
  train_case_free(&c);
}
END_TEST

Suite *suite_train_loop(void) {
  Suite *suite = suite_create("train_loop");
  TCase *tests = tcase_create("train_loop");
  tcase_add_test(tests, a_linear_problem_is_learned);
  tcase_add_test(tests, an_input_is_given_back);
  tcase_add_test(tests, the_best_epoch_is_written);
  tcase_add_test(tests, averages_are_exported);
  tcase_add_test(tests, what_is_held_out_is_not_trained_on);
  tcase_add_test(tests, threads_change_no_byte);
  suite_add_tcase(suite, tests);
  return suite;
}
