/* Every operator's samples, lowered with specs that just cover what flows, against the float reference on the
 * very numbers that the codes mean: what remains is the rounding of the result. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lower/builder.h"
#include "tests/support/lower_case.h"

#include <check.h>

/* Steps of the output's scale by which the scheme may differ: half of one, and a little for float
   multipliers; in 16 bits the rounding of the bias shows. */
static double bound(const Node *node, bool wide, bool all_wide) {
  OpRole role = op_role(node, NULL);
  if (role == ROLE_TABLE && all_wide) return 256; /* straight lines between every 128th code */
  bool is_resize = node_is(node, "Resize") || node_is(node, "Upsample");
  if (role == ROLE_AVERAGE && is_resize)
    return all_wide ? 32 : 2.5; /* rounds on each axis; weights of 11 bits */
  if (role == ROLE_SOFTMAX) return 1.01;
  return role == ROLE_LINEAR && wide ? 1.3 : 0.52;
}

/* What the runtime has no integer form of although the role has one. */
static const struct {
  const char *name;
  int sample;
} without_instruction[] = {
    {"Resize", 2},                                                 /* antialiased */
    {"Resize", 5},                                                 /* cropped */
    {"MaxPool", 7},                                                /* three spatial axes */
    {"AveragePool", 6},                                            /* the same */
    {"Dropout", 4},                                                /* a mask */
    {"Dropout", 3},     {"Dropout", 1}, {"LayerNormalization", 1}, /* statistics */
};

static bool is_excused(const Op *op, int sample) {
  for (size_t i = 0; i < sizeof without_instruction / sizeof *without_instruction; i++)
    if (strcmp(op->name, without_instruction[i].name) == 0 && sample == without_instruction[i].sample)
      return true;
  return false;
}

/* Programs have float32 and a few integer types, numbers that are finite, and no empty tensors. */
static bool is_representable(const LowerCase *c) {
  const Graph *graph = c->graph;
  for (int v = 0; v < graph->value_count; v++) {
    const Value *value = graph->values[v];
    EdgeType type;
    if (!edge_type_of(value->type, &type) || (type == EDGE_F32 && value->type != ELEMENT_FLOAT32))
      return false;
    if (!value->has_shape || shape_elements(&value->shape) < 1) return false;
  }
  for (int i = 0; i < graph->input_count; i++)
    for (int64_t k = 0; k < tensor_elements(c->inputs[i]); k++)
      if (!isfinite(tensor_get(c->inputs[i], k))) return false;
  return true;
}

static bool has_integer_role(const Node *node) {
  OpRole role = op_role(node, NULL);
  return role != ROLE_FLOAT && role != ROLE_INDEX && role != ROLE_RECURRENT;
}

/* True if the sample was lowered and compared. */
static bool check_sample(const Op *op, int sample, bool wide, bool all_wide) {
  LowerCase c = {.wide = wide, .all_wide = all_wide};
  char what[128];
  snprintf(what, sizeof what, "%s sample %d%s", op->name, sample,
           all_wide ? " all wide"
           : wide   ? " wide"
                    : "");
  ck_assert_msg(lower_case_sample(&c, op, sample) == OK, "%s: %s", what, c.err.text);
  ck_assert_msg(lower_case_specs(&c) == OK, "%s: %s", what, c.err.text);
  bool comparable = is_representable(&c);
  Status status = lower_case_run(&c);
  ck_assert_msg(status == OK || status == UNSUPPORTED, "%s: %s", what, c.err.text);
  if (status == OK && comparable) {
    for (int i = 0; i < c.graph->output_count; i++) {
      double error = lower_case_error(&c, i), most = bound(c.graph->nodes[0], wide, all_wide);
      ck_assert_msg(error <= most, "%s: output %d differs by %g steps, %g are allowed", what, i, error, most);
    }
  } else if (comparable && has_integer_role(c.graph->nodes[0])) {
    ck_assert_msg(is_excused(op, sample), "%s: %s", what, c.err.text);
  }
  lower_case_free(&c);
  return status == OK && comparable;
}

START_TEST(samples_agree) {
  int compared = 0;
  for (int i = 0; i < op_count(); i++) {
    const Op *op = op_at(i);
    for (int s = 0; s < OP_MAX_SAMPLES && op->samples[s].inputs != NULL; s++) {
      compared += check_sample(op, s, false, false);
      compared += check_sample(op, s, true, false);
      compared += check_sample(op, s, true, true);
    }
  }
  ck_assert_int_gt(compared, 200); /* most of them */
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
