/* A training that was stopped goes on and ends with the bytes of one that was not; what diverges leaves a
   state that goes on with other options. */
#include "tests/support/train_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_train_resume(void);

enum { EPOCHS = 4, EPOCH_STEPS = 5, ALL_STEPS = EPOCHS * EPOCH_STEPS };

/* Stops after so many steps; counts epochs that it hears of. */
typedef struct Stopper {
  int64_t left, epochs;
} Stopper;

static bool stop(void *context) {
  return ((Stopper *)context)->left == 0;
}

static void count_step(void *context, const TrainProgress *progress) {
  (void)progress;
  ((Stopper *)context)->left--;
}

static void count_epoch(void *context, const TrainEpoch *epoch) {
  Stopper *stopper = context;
  ck_assert_int_eq(epoch->epoch, ++stopper->epochs);
}

static char *new_path(void) {
  char *path = strdup("/tmp/edgec-test.XXXXXX");
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
  return path;
}

static void free_path(char *path) {
  remove(path);
  free(path);
}

/* As much as there is that has a state: moments, averages, statistics, masks, noise. */
static void begin(TrainCase *c, int optimizer, const char *path) {
  train_case_begin(c, TRAIN_CLASSES);
  c->options.epochs = EPOCHS;
  c->options.schedule.rate = 0.01;
  c->options.optimizer.kind = (OptimizerKind)optimizer;
  c->options.optimizer.ema = 0.8;
  c->options.augment.noise = 0.1;
  c->options.seed = 3;
  c->options.keeping = (TrainKeeping){.path = path};
}

static Status run_until(TrainCase *c, int64_t steps, bool resume, int64_t *epochs) {
  Stopper stopper = {.left = steps};
  c->watch = (TrainWatch){.step = count_step, .epoch = count_epoch, .stop = stop, .context = &stopper};
  c->options.keeping.resume = resume;
  Status status = train_case_run(c);
  *epochs = stopper.epochs;
  return status;
}

static void expect_same(TrainCase *a, TrainCase *b) {
  int64_t count, other;
  const float *first = train_case_weights(a, &count), *second = train_case_weights(b, &other);
  ck_assert_int_eq(count, other);
  ck_assert_mem_eq(first, second, (size_t)count * sizeof *first);
  ck_assert_int_eq(a->report.best.epoch, b->report.best.epoch);
  ck_assert(a->report.best.held_loss == b->report.best.held_loss);
  ck_assert(a->report.best.loss == b->report.best.loss);
}

/* Stopped after _i steps, and again later; the second part with other threads. */
START_TEST(the_bytes_are_the_same) {
  TrainCase whole, parts;
  char *path = new_path();
  int64_t epochs;
  begin(&whole, _i % 3, NULL);
  ck_assert_msg(train_case_run(&whole) == OK, "%s", whole.err.text);
  begin(&parts, _i % 3, path);
  ck_assert_int_eq(run_until(&parts, _i, false, &epochs), INTERRUPTED);
  ck_assert_ptr_nonnull(strstr(parts.err.text, path));
  ck_assert_int_eq(epochs, (_i - 1) / EPOCH_STEPS);
  parts.pool = pool_new(2, &parts.err);
  if (_i + 4 < ALL_STEPS) ck_assert_int_eq(run_until(&parts, 4, true, &epochs), INTERRUPTED);
  ck_assert_msg(run_until(&parts, -1, true, &epochs) == OK, "%s", parts.err.text);
  ck_assert_int_eq(epochs, EPOCHS); /* also those before */
  expect_same(&whole, &parts);
  train_case_free(&whole);
  train_case_free(&parts);
  free_path(path);
}
END_TEST

/* What a crash leaves: the last checkpoint that was due. */
START_TEST(a_checkpoint_in_time_is_enough) {
  TrainCase whole, parts;
  char *path = new_path();
  int64_t epochs;
  begin(&whole, OPTIMIZER_ADAMW, NULL);
  ck_assert_int_eq(train_case_run(&whole), OK);
  begin(&parts, OPTIMIZER_ADAMW, path);
  parts.options.keeping.every = 1e-9;
  ck_assert_int_eq(run_until(&parts, -1, false, &epochs), OK); /* the last one: after the last step */
  ck_assert_int_eq(run_until(&parts, -1, true, &epochs), OK);
  expect_same(&whole, &parts);
  train_case_free(&whole);
  train_case_free(&parts);
  free_path(path);
}
END_TEST

START_TEST(nothing_is_kept_without_a_path) {
  TrainCase c;
  int64_t epochs;
  begin(&c, OPTIMIZER_SGD, NULL);
  ck_assert_int_eq(run_until(&c, 3, false, &epochs), INTERRUPTED);
  ck_assert_str_eq(c.err.text, "interrupted after step 3 of 20");
  train_case_free(&c);
}
END_TEST

/* Each part of the state is looked at: one byte in each of many places, with a checksum that fits, gives an
   error or a training, never a crash. */
START_TEST(another_training_is_refused) {
  static const CheckpointFact facts[] = {{.name = "--rate", .value = "0.01", .tames_divergence = true},
                                         {.name = "--seed", .value = "3"}},
                              others[] = {{.name = "--rate", .value = "0.01", .tames_divergence = true},
                                          {.name = "--seed", .value = "4"}},
                              slower[] = {{.name = "--rate", .value = "0.001", .tames_divergence = true},
                                          {.name = "--seed", .value = "3"}};
  TrainCase c;
  char *path = new_path();
  int64_t epochs;
  begin(&c, OPTIMIZER_ADAM, path);
  c.options.keeping.facts = facts;
  c.options.keeping.fact_count = 2;
  ck_assert_int_eq(run_until(&c, 7, false, &epochs), INTERRUPTED);
  c.options.keeping.facts = others;
  ck_assert_int_eq(run_until(&c, -1, true, &epochs), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "is of another training: --seed was 3, and now is 4"));
  c.options.keeping.facts = slower; /* nor does another rate, where nothing diverged */
  ck_assert_int_eq(run_until(&c, -1, true, &epochs), BAD_INPUT);
  c.options.keeping.facts = facts;
  c.options.optimizer.kind = OPTIMIZER_SGD; /* another state than the facts say */
  c.options.optimizer.momentum = 0;
  ck_assert_int_eq(run_until(&c, -1, true, &epochs), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "'optimizer'"));
  c.options.optimizer.kind = OPTIMIZER_ADAM;
  c.options.epochs = 1; /* a place that this training never comes to */
  ck_assert_int_eq(run_until(&c, -1, true, &epochs), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "no training is in this place"));
  train_case_free(&c);
  free_path(path);
}
END_TEST

/* Steps of a linear model that are too large grow until they are no numbers, after some epochs. */
START_TEST(divergence_leaves_the_last_good_state) {
  static const CheckpointFact fast = {.name = "--rate", .value = "30", .tames_divergence = true},
                              slow = {.name = "--rate", .value = "0.01", .tames_divergence = true};
  TrainCase c;
  char *path = new_path();
  int64_t epochs;
  train_case_begin(&c, TRAIN_COPY);
  c.options.epochs = 30;
  c.options.optimizer = (OptimizerOptions){.kind = OPTIMIZER_SGD};
  c.options.schedule = (ScheduleOptions){.kind = SCHEDULE_CONSTANT, .rate = 30};
  c.options.keeping = (TrainKeeping){.path = path, .facts = &fast, .fact_count = 1};
  ck_assert_int_eq(run_until(&c, -1, false, &epochs), BAD_INPUT);
  ck_assert_int_ge(epochs, 1);
  ck_assert_ptr_nonnull(strstr(c.err.text, "the training diverges in step"));
  ck_assert_ptr_nonnull(strstr(c.err.text, "--rate smaller than 30 or --clip-norm 1"));
  ck_assert_ptr_nonnull(strstr(c.err.text, path));
  ck_assert_int_eq(run_until(&c, -1, true, &epochs), BAD_INPUT); /* it would diverge again */
  ck_assert_ptr_nonnull(strstr(c.err.text, "diverged from here"));
  c.options.schedule.rate = 0.01;
  c.options.keeping.facts = &slow;
  ck_assert_msg(run_until(&c, -1, true, &epochs) == OK, "%s", c.err.text);
  ck_assert_int_eq(epochs, 30);
  train_case_free(&c);
  free_path(path);
}
END_TEST

START_TEST(divergence_at_once_leaves_nothing) {
  TrainCase c;
  char *path = new_path();
  int64_t epochs;
  remove(path);
  train_case_begin(&c, TRAIN_COPY);
  c.options.optimizer = (OptimizerOptions){.kind = OPTIMIZER_SGD, .clip_norm = 1e30};
  c.options.schedule.rate = 1e30;
  c.options.keeping.path = path;
  ck_assert_int_eq(run_until(&c, -1, false, &epochs), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(c.err.text, "--clip-norm 1e+29 helps"));
  ck_assert_ptr_null(strstr(c.err.text, path));
  ck_assert(!file_exists(path));
  train_case_free(&c);
  free_path(path);
}
END_TEST

Suite *suite_train_resume(void) {
  Suite *suite = suite_create("train_resume");
  TCase *tests = tcase_create("train_resume");
  tcase_add_loop_test(tests, the_bytes_are_the_same, 1, ALL_STEPS + 1);
  tcase_add_test(tests, a_checkpoint_in_time_is_enough);
  tcase_add_test(tests, nothing_is_kept_without_a_path);
  tcase_add_test(tests, another_training_is_refused);
  tcase_add_test(tests, divergence_leaves_the_last_good_state);
  tcase_add_test(tests, divergence_at_once_leaves_nothing);
  suite_add_tcase(suite, tests);
  return suite;
}
