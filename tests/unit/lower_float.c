/* Operators in float32: those that are composed of several instructions, and nodes that must be in float
 * although everything around them is in integers. */
#include "formats/edge/edge_steps.h"
#include "tests/support/lower_case.h"

#include <check.h>

Suite *suite_lower_float(void);

static LowerCase c;

static void begin(void) {
  c = (LowerCase){0};
}

static void end(void) {
  lower_case_free(&c);
}

static const struct {
  const char *name;
  int sample;
} composed[] = {{"Gelu", 0},          {"Gelu", 1},          {"Swish", 0},         {"Swish", 1},
                {"Mish", 0},          {"HardSwish", 0},     {"LogSoftmax", 0},    {"Conv", 0},
                {"Gemm", 0},          {"MatMul", 0},        {"LeakyRelu", 0},     {"AveragePool", 0},
                {"AveragePool", 1},   {"AveragePool", 2},   {"AveragePool", 3},   {"AveragePool", 4},
                {"AveragePool", 5},   {"ConvTranspose", 0}, {"ConvTranspose", 1}, {"ConvTranspose", 2},
                {"ConvTranspose", 3}, {"ConvTranspose", 4}, {"Resize", 1},        {"MaxPool", 0},
                {"MaxPool", 1},       {"MaxPool", 2},       {"MaxPool", 3},       {"MaxPool", 5}};
#define COMPOSED ((int)(sizeof composed / sizeof *composed))
#define MOVING 5 /* of them, at the end: among codes they move codes */

static void start(int i) {
  const Op *op = op_find("", composed[i].name);
  ck_assert_ptr_nonnull(op);
  ck_assert_msg(lower_case_sample(&c, op, composed[i].sample) == OK, "%s", c.err.text);
}

static bool computes_in_float(void) {
  EdgeStep step;
  for (EdgeWalk walk = edge_walk(&c.file.model); edge_walk_next(&walk, &step);)
    if (step.is_float) return true;
  return false;
}

START_TEST(in_float) {
  start(_i);
  for (int v = 0; v < c.graph->value_count; v++)
    c.graph->values[v]->spec = lower_case_kind(c.graph, QUANT_FLOAT);
  ck_assert_msg(lower_case_run(&c) == OK, "%s %d: %s", composed[_i].name, composed[_i].sample, c.err.text);
  double error = lower_case_error(&c, 0);
  ck_assert_msg(error < 1e-5, "%s %d: %g", composed[_i].name, composed[_i].sample, error);
  ck_assert(computes_in_float());
}
END_TEST

/* Inputs and outputs are codes: converted before and behind, and only the result is rounded. */
START_TEST(in_float_among_integers) {
  start(_i);
  ck_assert_msg(lower_case_specs(&c) == OK, "%s", c.err.text);
  for (int n = 0; n < c.graph->node_count; n++) c.graph->nodes[n]->float_reason = "a test wants it";
  ck_assert_msg(lower_case_run(&c) == OK, "%s %d: %s", composed[_i].name, composed[_i].sample, c.err.text);
  ck_assert(computes_in_float());
  double error = lower_case_error(&c, 0);
  ck_assert_msg(error < 0.51, "%s %d: %g", composed[_i].name, composed[_i].sample, error);
}
END_TEST

Suite *suite_lower_float(void) {
  Suite *suite = suite_create("lower_float");
  TCase *tests = tcase_create("float");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, in_float, 0, COMPOSED);
  tcase_add_loop_test(tests, in_float_among_integers, 0, COMPOSED - MOVING);
  suite_add_tcase(suite, tests);
  return suite;
}
