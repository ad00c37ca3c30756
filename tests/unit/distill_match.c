/* What a student is compared by: outputs, given values, inner values. Gradients by finite differences,
   through the model and through the projection beside it; what fits and what does not. */
#include "distill/initialize.h"
#include "distill/step.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_distill_match(void);

#define SIDE 8
#define SAMPLES 6

/* "feature": [N,channels,8/stride,8/stride], "tokens": [N,places,channels], "flat": [N,channels],
   "scores": [N,3]. Smooth, so that differences are gradients. */
static Graph *net(int64_t channels, int64_t stride, uint64_t seed) {
  Error err = {0};
  InitializeReport report;
  Maker m = maker_new(13);
  int64_t side = (SIDE - 1) / stride + 1, places = side * side;
  int64_t pads[] = {1, 1, 1, 1}, strides[] = {stride, stride}, across[] = {0, 2, 1};
  int64_t shape[] = {-1, channels, places}, one = 1;
  Value *x = make_input(&m, "x", SHAPE(DIM_UNKNOWN, 1, SIDE, SIDE));
  Value *w = make_constant(&m, "w", SHAPE(channels, 1, 3, 3));
  Value *conv = make_node(&m, "Conv", "conv", (Value *[]){x, w}, 2);
  ck_assert_int_eq(node_set_ints(m.graph, conv->producer, "pads", pads, 4, &err), OK);
  ck_assert_int_eq(node_set_ints(m.graph, conv->producer, "strides", strides, 2, &err), OK);
  Value *feature = make_node(&m, "Tanh", "feature", &conv, 1);
  Value *rows = make_node(&m, "Reshape", "rows", (Value *[]){feature, make_ints(&m, "shape", shape, 3)}, 2);
  Value *tokens = make_node(&m, "Transpose", "tokens", &rows, 1);
  ck_assert_int_eq(node_set_ints(m.graph, tokens->producer, "perm", across, 3, &err), OK);
  Value *flat = make_node(&m, "ReduceMean", "flat", &tokens, 1);
  ck_assert_int_eq(node_set_ints(m.graph, flat->producer, "axes", &one, 1, &err), OK);
  ck_assert_int_eq(node_set_int(m.graph, flat->producer, "keepdims", 0, &err), OK);
  make_node(&m, "Relu", "unused", &feature, 1);
  Value *scores =
      make_node(&m, "Gemm", "scores", (Value *[]){flat, make_constant(&m, "v", SHAPE(channels, 3))}, 2);
  make_output(&m, scores);
  maker_finish(&m);
  ck_assert_int_eq(initialize_graph(m.graph, INITIALIZE_lecun, seed, &report, &err), OK);
  return m.graph;
}

/* ---- samples ---- */

static Status seek_nothing(void *context, int64_t index, Error *err) {
  (void)context, (void)index, (void)err;
  return OK;
}

static Status read_noise(void *context, int64_t count, void *const *buffers, Error *err) {
  Random random = {.state = 7};
  float *values = buffers[0];
  (void)context, (void)err;
  for (int64_t i = 0; i < count * SIDE * SIDE; i++) values[i] = (float)random_normal(&random);
  return OK;
}

/* ---- a student, its teacher, and the gradients ---- */

typedef struct Setting {
  Graph *student, *twin, *teacher;
  Tensor form;
  TrainSet set;
  TrainOptions options;
  Goal goal;
  Weights weights;
  Teacher *teaching;
  Step *step;
  Error err;
} Setting;

static void make_models(Setting *s, int64_t teacher_channels, int64_t teacher_stride) {
  memset(s, 0, sizeof *s);
  s->student = net(3, 1, 1);
  s->twin = net(3, 1, 1);
  s->teacher = net(teacher_channels, teacher_stride, 2);
  s->form = (Tensor){.type = ELEMENT_FLOAT32, .shape = SHAPE(1, 1, SIDE, SIDE)};
  SampleReader reader = {
      .count = SAMPLES, .input_count = 1, .forms = &s->form, .seek = seek_nothing, .read = read_noise};
  ck_assert_int_eq(train_set_load(&s->set, &reader, NULL, NULL, NULL, &s->err), OK);
  s->options = train_defaults();
  s->options.micro_batch = 4;
}

static Status settle(Setting *s, LossKind loss, const FeatureOption *features, int count) {
  s->options.loss.kind = loss;
  s->options.loss.features = features;
  s->options.loss.feature_count = count;
  TrainModels models = {.student = s->student, .twin = s->twin, .teacher = s->teacher};
  return goal_settle(&s->goal, &models, &s->set, &s->options.loss, 3, &s->err);
}

static void begin(Setting *s, LossKind loss, const FeatureOption *features, int count) {
  Error *err = &s->err;
  ck_assert_msg(settle(s, loss, features, count) == OK, "%s", s->err.text);
  TrainModels models = {.student = s->student, .twin = s->twin, .teacher = s->teacher};
  ck_assert_int_eq(weights_share(&s->weights, s->student, s->twin, err), OK);
  ck_assert_int_eq(goal_add_weights(&s->goal, &s->weights, &s->student->arena, err), OK);
  if (s->goal.teacher_count > 0)
    ck_assert_int_eq(teacher_new(&s->teaching, s->teacher, &s->goal, 4, 1, err), OK);
  ck_assert_int_eq(
      step_new(&s->step, &models, &s->weights, &s->goal, s->teaching, &s->set, &s->options, NULL, err), OK);
}

static void end(Setting *s) {
  step_free(s->step);
  teacher_free(s->teaching);
  goal_free(&s->goal);
  train_set_free(&s->set);
  graph_free(s->student);
  graph_free(s->twin);
  graph_free(s->teacher);
}

static double loss_of(Setting *s) {
  static const int64_t indices[SAMPLES] = {3, 1, 0, 5, 2, 4};
  StepResult result;
  ck_assert_msg(step_run(s->step, indices, SAMPLES, 1, &result, &s->err) == OK, "%s", s->err.text);
  return result.loss / SAMPLES;
}

static double difference(Setting *s, float *weight) {
  const float kept = *weight, step = 1e-2f;
  *weight = kept + step;
  double above = loss_of(s), right = (double)*weight;
  *weight = kept - step;
  double below = loss_of(s), width = right - (double)*weight;
  *weight = kept;
  return (above - below) / width;
}

static void check_gradients(Setting *s) {
  for (int i = 0; i < s->weights.count; i++) {
    const Weight *weight = &s->weights.list[i];
    double *wanted = calloc((size_t)weight->count, sizeof *wanted);
    for (int64_t j = 0; j < weight->count; j++) wanted[j] = difference(s, (float *)weight->tensor->data + j);
    loss_of(s);
    for (int64_t j = 0; j < weight->count; j++)
      ck_assert_double_eq_tol((double)step_gradient(s->step, i)[j], wanted[j], 1e-3 + 1e-2 * fabs(wanted[j]));
    free(wanted);
  }
}

typedef struct GradientCase {
  FeatureOption feature;
  int64_t teacher_stride;
  LossKind loss;
  int64_t helpers; /* weights of the projection */
} GradientCase;

static const GradientCase gradient_cases[] = {
    {{FEATURE_MATCH, NULL, "feature:3"}, 1, LOSS_NONE, 3 * 5 + 5},
    {{FEATURE_MATCH, NULL, "feature"}, 2, LOSS_MSE, 3 * 5 + 5}, /* pooled too */
    {{FEATURE_MATCH, "feature", "conv:0.5"}, 1, LOSS_AUTO, 3 * 5 + 5},
    {{FEATURE_MATCH, NULL, "tokens"}, 1, LOSS_NONE, 3 * 5 + 5},
    {{FEATURE_MATCH, NULL, "flat"}, 1, LOSS_NONE, 3 * 5 + 5},
    {{FEATURE_MATCH, NULL, "scores"}, 1, LOSS_NONE, 0},
    {{FEATURE_MATCH, NULL, "auto"}, 1, LOSS_NONE, 3 * 5 + 5},
    {{FEATURE_MATCH, NULL, "f*"}, 1, LOSS_NONE, 2 * (3 * 5 + 5)}, /* feature and flat */
    {{FEATURE_ATTEND, NULL, "feature:3"}, 1, LOSS_NONE, 0},
    {{FEATURE_ATTEND, NULL, "feature"}, 4, LOSS_NONE, 0}, /* pooled */
    {{FEATURE_ATTEND, "tokens", "tokens"}, 1, LOSS_HUBER, 0},
};

START_TEST(gradients_are_the_differences_of_the_loss) {
  const GradientCase *c = &gradient_cases[_i];
  Setting s;
  make_models(&s, 5, c->teacher_stride);
  begin(&s, c->loss, &c->feature, 1);
  ck_assert_int_eq(s.weights.helpers, c->helpers);
  check_gradients(&s);
  end(&s);
}
END_TEST

/* ---- several outputs ---- */

static void add_output(Graph *graph, const char *name) {
  Error err = {0};
  ck_assert_int_eq(graph_add_output(graph, graph_find_value(graph, name), &err), OK);
  ck_assert_int_eq(graph_refresh(graph, &err), OK);
}

static const char *teacher_of(const Setting *s, int term) {
  return s->goal.teacher_values[s->goal.terms[term].place]->name;
}

START_TEST(outputs_find_their_teachers_by_name) {
  Setting s;
  make_models(&s, 3, 1);
  add_output(s.student, "tokens");
  add_output(s.twin, "tokens");
  s.teacher->output_count = 0;
  add_output(s.teacher, "tokens");
  add_output(s.teacher, "scores");
  begin(&s, LOSS_AUTO, NULL, 0);
  ck_assert_int_eq(s.goal.outputs, 2);
  ck_assert_int_eq(s.goal.term_count, 2);
  ck_assert(s.goal.terms[0].function == loss_function(LOSS_DISTILLATION));
  ck_assert(s.goal.terms[1].function == loss_function(LOSS_MSE));
  ck_assert_str_eq(teacher_of(&s, 0), "scores");
  ck_assert_str_eq(teacher_of(&s, 1), "tokens");
  check_gradients(&s);
  end(&s);
}
END_TEST

/* The teacher has no second output: nothing is learned of it. */
START_TEST(an_output_without_a_partner_is_left_alone) {
  Setting s;
  make_models(&s, 3, 1);
  add_output(s.student, "tokens");
  add_output(s.twin, "tokens");
  begin(&s, LOSS_MSE, NULL, 0);
  ck_assert_int_eq(s.goal.outputs, 1);
  ck_assert_int_eq(s.goal.term_count, 1);
  ck_assert_str_eq(teacher_of(&s, 0), "scores");
  end(&s);
}
END_TEST

/* ---- given values ---- */

static void give_targets(Setting *s, int outputs, int output, int64_t elements) {
  Random random = {.state = 11};
  ck_assert_int_eq(train_set_take_targets(&s->set, outputs, &s->err), OK);
  SampleRows *rows = &s->set.targets[output];
  ck_assert_int_eq(sample_rows_new(rows, SAMPLES, (size_t)elements * sizeof(float), "a test", &s->err), OK);
  float *values = sample_rows_at(rows, 0);
  for (int64_t i = 0; i < SAMPLES * elements; i++) values[i] = (float)random_normal(&random);
}

START_TEST(given_values_are_learned_without_a_teacher) {
  Setting s;
  make_models(&s, 3, 1);
  graph_free(s.teacher);
  s.teacher = NULL;
  give_targets(&s, 1, 0, 3);
  begin(&s, LOSS_AUTO, NULL, 0);
  ck_assert(s.goal.loss.kind == LOSS_MSE);
  ck_assert(s.goal.terms[0].target == TARGET_GIVEN);
  check_gradients(&s);
  end(&s);
}
END_TEST

START_TEST(given_values_and_a_teacher_share_the_loss) {
  Setting s;
  make_models(&s, 3, 1);
  give_targets(&s, 1, 0, 3);
  s.options.loss.hard_weight = 0.25;
  begin(&s, LOSS_HUBER, NULL, 0);
  ck_assert_int_eq(s.goal.term_count, 2);
  ck_assert(s.goal.terms[0].target == TARGET_GIVEN && s.goal.terms[0].weight == 0.25);
  ck_assert(s.goal.terms[1].target == TARGET_TEACHER && s.goal.terms[1].weight == 0.75);
  check_gradients(&s);
  end(&s);
}
END_TEST

START_TEST(given_values_of_another_size_are_refused) {
  Setting s;
  make_models(&s, 3, 1);
  give_targets(&s, 1, 0, 4);
  ck_assert_int_eq(settle(&s, LOSS_MSE, NULL, 0), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(s.err.text, "has 3 elements for a sample, and is to be compared with 4"));
  end(&s);
}
END_TEST

/* ---- what does not fit ---- */

typedef struct Refusal {
  FeatureOption feature;
  int64_t teacher_stride;
  const char *part; /* of the message */
} Refusal;

static const Refusal refusals[] = {
    {{FEATURE_MATCH, "featur", "feature"}, 1, "the student has no value 'featur'; did you mean 'feature'?"},
    {{FEATURE_MATCH, "feature", "tokns"}, 1, "the teacher has no value 'tokns'; did you mean 'tokens'?"},
    {{FEATURE_MATCH, "feature", "flat"}, 1, "one has 4 axes and the other 2"},
    {{FEATURE_MATCH, NULL, "tokens"}, 2, "one has 64 places and the other 16"},
    {{FEATURE_MATCH, NULL, "feature"}, 3, "one has 8 places and the other 3, and neither is a multiple"},
    {{FEATURE_MATCH, "x", "feature"}, 1, "is an input or a constant"},
    {{FEATURE_MATCH, "unused", "feature"}, 1, "no output of the student depends on it"},
    {{FEATURE_ATTEND, NULL, "flat"}, 1, "a map of one place says nothing"},
    {{FEATURE_MATCH, NULL, "nothing*"}, 1, "no values of that name"},
};

START_TEST(what_does_not_fit_is_named) {
  const Refusal *r = &refusals[_i];
  Setting s;
  make_models(&s, 5, r->teacher_stride);
  ck_assert_int_ne(settle(&s, LOSS_NONE, &r->feature, 1), OK);
  ck_assert_msg(strstr(s.err.text, r->part) != NULL, "%s", s.err.text);
  end(&s);
}
END_TEST

Suite *suite_distill_match(void) {
  Suite *suite = suite_create("distill_match");
  TCase *cases = tcase_create("inner values");
  tcase_add_loop_test(cases, gradients_are_the_differences_of_the_loss, 0,
                      (int)(sizeof gradient_cases / sizeof *gradient_cases));
  tcase_add_test(cases, outputs_find_their_teachers_by_name);
  tcase_add_test(cases, an_output_without_a_partner_is_left_alone);
  tcase_add_test(cases, given_values_are_learned_without_a_teacher);
  tcase_add_test(cases, given_values_and_a_teacher_share_the_loss);
  tcase_add_test(cases, given_values_of_another_size_are_refused);
  tcase_add_loop_test(cases, what_does_not_fit_is_named, 0, (int)(sizeof refusals / sizeof *refusals));
  suite_add_tcase(suite, cases);
  return suite;
}
