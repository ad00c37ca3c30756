/* Every operator's samples, lowered with specs that just cover what flows, against the float reference on the
 * very numbers that the codes mean: what remains is the rounding of the result. */
#include <stdio.h>
#include <string.h>

#include "tests/support/lower_case.h"

#include <check.h>

/* Steps of the output's scale that the scheme may differ: half of one, and a little for the roundings of
   bias and multipliers. */
static double bound(const Op *op, OpRole role) {
  if (strcmp(op->name, "Resize") == 0 || strcmp(op->name, "Upsample") == 0) return 1.6; /* two axes */
  if (role == ROLE_SOFTMAX) return 1.01;
  return 0.52;
}

static const char *const unsupported_here[] = {NULL};

static bool is_listed(const char *name) {
  for (int i = 0; unsupported_here[i] != NULL; i++)
    if (strcmp(unsupported_here[i], name) == 0) return true;
  return false;
}

/* True if the sample was lowered and compared. */
static bool check_sample(const Op *op, int sample, bool wide) {
  LowerCase c = {.wide = wide};
  Status status = lower_case_sample(&c, op, sample);
  if (status == OK) status = lower_case_specs(&c);
  if (status == OK) status = lower_case_run(&c);
  if (status != OK) {
    printf("%s %d %s: %s\n", op->name, sample, wide ? "wide" : "", c.err.text);
  } else {
    OpRole role = op_role(c.graph->nodes[0], NULL);
    for (int i = 0; i < c.graph->output_count; i++) {
      double error = lower_case_error(&c, i), most = bound(op, role);
      if (error > most)
        printf("%s %d %s output %d: error %g of %g\n", op->name, sample, wide ? "wide" : "", i, error, most);
    }
  }
  lower_case_free(&c);
  return status == OK;
}

START_TEST(samples_agree) {
  for (int i = 0; i < op_count(); i++) {
    const Op *op = op_at(i);
    if (is_listed(op->name)) continue;
    for (int s = 0; s < OP_MAX_SAMPLES && op->samples[s].inputs != NULL; s++) {
      check_sample(op, s, false);
      check_sample(op, s, true);
    }
  }
}
END_TEST

Suite *suite_lower_samples(void);
Suite *suite_lower_samples(void) {
  Suite *suite = suite_create("lower_samples");
  TCase *tests = tcase_create("samples");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, samples_agree);
  suite_add_tcase(suite, tests);
  return suite;
}
