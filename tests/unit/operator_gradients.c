/* The gradient of every operator that has one, held against central finite differences of its reference
   kernel in float64 over the samples of its row. */
#include "interpreter/backward.h"
#include "operators/samples.h"

#include "base/random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_operator_gradients(void);

#define MOST_COMPARED 500 /* elements of an input; of larger ones, as many that lie apart */

/* An operator's sample as a function of its float inputs: the sum of its outputs, each times a fixed weight.
 */
typedef struct Case {
  SampleCase sample;
  Interpreter *interpreter;
  Runner *runner;
  const Tensor *inputs[SAMPLE_MAX_INPUTS]; /* of the graph */
  int root;                                /* the only output that counts; -1: all do */
} Case;

/* The notation with float64 in the place of float32. */
static void widen(const char *from, char *to, size_t size) {
  ck_assert(from == NULL || strlen(from) < size);
  strcpy(to, from == NULL ? "" : from);
  for (char *at = to; (at = strstr(at, "f32")) != NULL; at++) memcpy(at, "f64", 3);
}

static bool bind(Case *c, const Op *op, const OpSample *sample, int root, Error *err) {
  memset(c, 0, sizeof *c);
  c->root = root;
  if (sample_build(op, sample, 0, &c->sample, err) != OK) return false;
  Graph *graph = c->sample.graph;
  for (int i = 0, next = 0; i < c->sample.input_count; i++)
    if (c->sample.inputs[i] != NULL && c->sample.node->inputs[i]->constant == NULL)
      c->inputs[next++] = c->sample.inputs[i];
  if (op_bind_graph(graph, err) == OK && op_infer_graph(graph, err) == OK) return true;
  graph_free(graph);
  return false;
}

static void start(Case *c) {
  Error err = {0};
  ck_assert_msg(interpreter_new(&c->interpreter, c->sample.graph, &err) == OK, "%s", err.text);
  interpreter_use_plain(c->interpreter);
  ck_assert_msg(runner_new(&c->runner, c->interpreter, &err) == OK, "%s", err.text);
}

static void finish(Case *c) {
  runner_free(c->runner);
  interpreter_free(c->interpreter);
  graph_free(c->sample.graph);
}

/* A fixed number of about 1 for element j of output o. */
static double weight_of(int o, int64_t j) {
  Random random = {.state = (uint64_t)o * 7919 + (uint64_t)j};
  return 0.5 + random_unit(&random);
}

static bool is_root(const Case *c, int o) {
  bool is_statistic = (c->sample.node->op->statistics >> o & 1) != 0;
  return element_is_float(c->sample.graph->outputs[o]->type) && !is_statistic &&
         (c->root < 0 || c->root == o);
}

static double loss(Case *c) {
  Error err = {0};
  ck_assert_msg(runner_run(c->runner, c->inputs, NULL, &err) == OK, "%s", err.text);
  double sum = 0;
  for (int o = 0; o < c->sample.graph->output_count; o++) {
    const Tensor *out = runner_output(c->runner, o);
    if (!is_root(c, o)) continue;
    int64_t n = tensor_elements(out);
    for (int64_t j = 0; j < n; j++) sum += weight_of(o, j) * tensor_get(out, j);
  }
  return sum;
}

/* Outputs that stay float32, such as statistics: too coarse for the smallest step. */
static bool has_narrow_output(const Case *c) {
  for (int o = 0; o < c->sample.graph->output_count; o++)
    if (c->sample.graph->outputs[o]->type == ELEMENT_FLOAT32) return true;
  return false;
}

/* The same operator in float64, or in float32 where it has no other. Its inputs are those of `narrow`. */
static double reference(Case *c, const Op *op, const OpSample *sample, const Case *narrow) {
  char inputs[512], attributes[512];
  Error err = {0};
  widen(sample->inputs, inputs, sizeof inputs);
  widen(sample->attributes, attributes, sizeof attributes);
  double step = 1e-5;
  if (!bind(c, op, &(OpSample){inputs, attributes}, narrow->root, &err)) {
    step = 1e-2;
    ck_assert(bind(c, op, sample, narrow->root, &err));
  } else if (has_narrow_output(c)) {
    step = 1e-3;
  }
  for (int i = 0; i < c->sample.input_count; i++) {
    const Tensor *from = narrow->sample.inputs[i];
    if (from == NULL || !element_is_float(from->type)) continue;
    int64_t n = tensor_elements(from);
    for (int64_t j = 0; j < n; j++) tensor_set((Tensor *)c->sample.inputs[i], j, tensor_get(from, j));
  }
  start(c);
  return step;
}

/* One element of input i; returns whether it could be compared: not beside a kink or a jump, or
   where nothing is finite. */
static bool compare(Case *c, const Op *op, const OpSample *sample, int i, int64_t j, double step,
                    double got) {
  Tensor *input = (Tensor *)c->sample.inputs[i];
  double x = tensor_get(input, j), middle = loss(c);
  tensor_set(input, j, x + step);
  double above = loss(c);
  tensor_set(input, j, x - step);
  double below = loss(c);
  tensor_set(input, j, x);
  double right = (above - middle) / step, left = (middle - below) / step, both = (above - below) / (2 * step);
  double tolerance = step > 1e-4 ? 0.05 : 1e-3;
  if (!isfinite(both) || fabs(above - below) > 0.5 || fabs(right - left) > tolerance * (1 + fabs(both)))
    return false;
  ck_assert_msg(fabs(got - both) <= tolerance * (1 + fabs(both)),
                "%s: sample '%s' '%s': input %d, element %lld: gradient %g, finite difference %g", op->name,
                sample->inputs, sample->attributes == NULL ? "" : sample->attributes, i, (long long)j, got,
                both);
  return true;
}

typedef struct Gradients {
  Backward *backward;
  Tape *tape;
} Gradients;

static int wanted_of(const Case *c, Value **wanted) {
  int count = 0;
  for (int i = 0; i < c->sample.input_count; i++)
    if (c->sample.inputs[i] != NULL && c->sample.inputs[i]->type == ELEMENT_FLOAT32)
      wanted[count++] = c->sample.node->inputs[i];
  return count;
}

static void go_back(Gradients *g, const Case *c) {
  Error err = {0};
  Value *wanted[SAMPLE_MAX_INPUTS];
  const Graph *graph = c->sample.graph;
  int count = wanted_of(c, wanted);
  ck_assert_msg(backward_new(&g->backward, graph, wanted, count, graph->outputs, graph->output_count, &err) ==
                    OK,
                "%s", err.text);
  ck_assert_msg(tape_new(&g->tape, g->backward, &err) == OK, "%s", err.text);
  ck_assert_msg(tape_forward(g->tape, c->inputs, 0, &err) == OK, "%s", err.text);
  for (int o = 0; o < graph->output_count; o++) {
    if (!is_root(c, o) || graph->outputs[o]->type != ELEMENT_FLOAT32) continue;
    Tensor *dy = tape_begin(g->tape, graph->outputs[o], &err);
    ck_assert_ptr_nonnull(dy);
    int64_t n = tensor_elements(dy);
    for (int64_t j = 0; j < n; j++) ((float *)dy->data)[j] = (float)weight_of(o, j);
  }
  ck_assert_msg(tape_backward(g->tape, &err) == OK, "%s", err.text);
}

/* Elements that could be compared. */
static int64_t check_root(const Op *op, const OpSample *sample, int root) {
  Case narrow, wide;
  Error err = {0};
  ck_assert_msg(bind(&narrow, op, sample, root, &err), "%s", err.text);
  Value *wanted[SAMPLE_MAX_INPUTS];
  int64_t compared = 0;
  if (wanted_of(&narrow, wanted) == 0 || narrow.sample.node->version->grad == NULL ||
      narrow.sample.graph->outputs[0]->type != ELEMENT_FLOAT32) {
    graph_free(narrow.sample.graph);
    return 0;
  }
  double step = reference(&wide, op, sample, &narrow);
  Gradients g;
  go_back(&g, &narrow);
  for (int i = 0; i < narrow.sample.input_count; i++) {
    const Tensor *input = narrow.sample.inputs[i];
    if (input == NULL || input->type != ELEMENT_FLOAT32 || (op->settings >> i & 1) != 0) continue;
    const Tensor *gradient = tape_gradient(g.tape, narrow.sample.node->inputs[i]);
    int64_t n = tensor_elements(input);
    for (int64_t j = 0; j < n; j += 1 + n / MOST_COMPARED)
      compared += compare(&wide, op, sample, i, j, step,
                          gradient == NULL ? 0 : (double)((const float *)gradient->data)[j]);
  }
  tape_free(g.tape);
  backward_free(g.backward);
  finish(&wide);
  graph_free(narrow.sample.graph);
  return compared;
}

/* Losses of all outputs, and of each alone: then no gradient comes from the others. */
static int64_t check_sample(const Op *op, const OpSample *sample) {
  SampleCase c;
  Error err = {0};
  ck_assert_msg(sample_build(op, sample, 0, &c, &err) == OK, "%s", err.text);
  int outputs = c.graph->output_count;
  graph_free(c.graph);
  int64_t compared = check_root(op, sample, -1);
  for (int o = 0; outputs > 1 && o < outputs; o++) compared += check_root(op, sample, o);
  return compared;
}

START_TEST(gradients_agree_with_finite_differences) {
  const Op *op = op_at(_i);
  if (op->versions[0].grad == NULL) return;
  if (op->straight_through) return; /* differences see only steps */
  int64_t compared = 0;
  for (int s = 0; s < OP_MAX_SAMPLES && op->samples[s].inputs != NULL; s++)
    compared += check_sample(op, &op->samples[s]);
  ck_assert_msg(compared > 0, "%s: no sample with an element that could be compared", op->name);
}
END_TEST

Suite *suite_operator_gradients(void) {
  Suite *suite = suite_create("operator_gradients");
  TCase *rows = tcase_create("rows");
  tcase_set_timeout(rows, 60);
  tcase_add_loop_test(rows, gradients_agree_with_finite_differences, 0, op_count());
  suite_add_tcase(suite, rows);
  return suite;
}
