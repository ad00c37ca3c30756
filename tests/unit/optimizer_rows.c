/* Options of optimisers and schedules: from the words of a command line to what the training gets. */
#include "cmd/optimizer_rows.h"

#include <check.h>
#include <string.h>

Suite *suite_optimizer_rows(void);

static const OptionRow *const lists[] = {optimizer_rows, NULL};

static void take(int argc, const char *const *argv, OptimizerOptions *optimizer, ScheduleOptions *schedule) {
  Options options;
  Error err = {0};
  ck_assert_msg(options_parse(&options, "train", lists, argc, argv, &err) == OK, "%s", err.text);
  ck_assert_msg(optimizer_check(&options, &err) == OK, "%s", err.text);
  optimizer_take(&options, optimizer, schedule);
  options_free(&options);
}

#define TAKE(...)                                                                                            \
  take((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__},         \
       &optimizer, &schedule)

START_TEST(without_options) {
  OptimizerOptions optimizer, standard = optimizer_defaults();
  ScheduleOptions schedule;
  take(0, NULL, &optimizer, &schedule);
  ck_assert_int_eq(optimizer.kind, OPTIMIZER_ADAMW);
  ck_assert(optimizer.momentum == standard.momentum && optimizer.beta1 == standard.beta1);
  ck_assert(optimizer.beta2 == standard.beta2 && optimizer.epsilon == standard.epsilon);
  ck_assert(optimizer.weight_decay == 0 && optimizer.clip_norm == 0 && optimizer.ema == 0);
  ck_assert(!optimizer.nesterov);
  ck_assert_int_eq(schedule.kind, SCHEDULE_COSINE);
  ck_assert(schedule.rate == 0.001 && schedule.warmup == 0 && schedule.final == 0);
}
END_TEST

START_TEST(of_sgd) {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  TAKE("--optimizer", "sgd", "--momentum=0.75", "--nesterov", "--rate", "0.5", "--weight-decay", "0.25",
       "--clip-norm", "2", "--ema", "0.5");
  ck_assert_int_eq(optimizer.kind, OPTIMIZER_SGD);
  ck_assert(optimizer.momentum == 0.75 && optimizer.nesterov);
  ck_assert(optimizer.weight_decay == 0.25 && optimizer.clip_norm == 2 && optimizer.ema == 0.5);
  ck_assert(schedule.rate == 0.5);
}
END_TEST

START_TEST(of_adam) {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  TAKE("--optimizer", "adam", "--beta1", "0.5", "--beta2", "0.75");
  ck_assert_int_eq(optimizer.kind, OPTIMIZER_ADAM);
  ck_assert(optimizer.beta1 == 0.5 && optimizer.beta2 == 0.75);
}
END_TEST

/* Percent become shares. */
START_TEST(of_schedules) {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  TAKE("--schedule", "step", "--step-every", "25%", "--step-factor", "0.5", "--warmup", "50");
  ck_assert_int_eq(schedule.kind, SCHEDULE_STEP);
  ck_assert(schedule.step_every == 0.25 && schedule.step_factor == 0.5 && schedule.warmup == 0.5);
  TAKE("--schedule", "one-cycle", "--final-rate", "10");
  ck_assert_int_eq(schedule.kind, SCHEDULE_ONE_CYCLE);
  ck_assert(schedule.final == 0.1);
  TAKE("--schedule", "constant");
  ck_assert_int_eq(schedule.kind, SCHEDULE_CONSTANT);
}
END_TEST

static const struct {
  const char *words[4]; /* NULL ends them */
  const char *refused;
} without_effect[] = {
    {{"--momentum=0.5"}, "--momentum"},
    {{"--nesterov"}, "--nesterov"},
    {{"--optimizer=adam", "--momentum=0.5"}, "--momentum"},
    {{"--optimizer=sgd", "--beta1=0.5"}, "--beta1"},
    {{"--optimizer=sgd", "--beta2=0.5"}, "--beta2"},
    {{"--step-every=10"}, "--step-every"},
    {{"--schedule=constant", "--step-factor=0.5"}, "--step-factor"},
    {{"--schedule=constant", "--final-rate=5"}, "--final-rate"},
    {{"--schedule=step", "--final-rate=5"}, "--final-rate"},
};

START_TEST(what_has_no_effect_is_refused) {
  Options options;
  Error err = {0};
  int count = 0;
  while (without_effect[_i].words[count] != NULL) count++;
  ck_assert_int_eq(options_parse(&options, "train", lists, count, without_effect[_i].words, &err), OK);
  ck_assert_int_eq(optimizer_check(&options, &err), BAD_USAGE);
  ck_assert_msg(strstr(err.text, without_effect[_i].refused) != NULL, "%s", err.text);
  options_free(&options);
}
END_TEST

Suite *suite_optimizer_rows(void) {
  Suite *suite = suite_create("optimizer_rows");
  TCase *tests = tcase_create("optimizer_rows");
  int rows = (int)(sizeof without_effect / sizeof without_effect[0]);
  tcase_add_test(tests, without_options);
  tcase_add_test(tests, of_sgd);
  tcase_add_test(tests, of_adam);
  tcase_add_test(tests, of_schedules);
  tcase_add_loop_test(tests, what_has_no_effect_is_refused, 0, rows);
  suite_add_tcase(suite, tests);
  return suite;
}
