/* What lies between the weights and the loss: what is refused by name, what is no obstacle, and noise. */
#include "interpreter/backward.h"
#include "operators/op.h"
#include "operators/sample_body.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_training_path(void);

#define COUNT 4

/* x * w, float32[4]. */
static Value *weighted(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(COUNT)), *w = make_constant(m, "w", SHAPE(COUNT));
  return make_node(m, "Mul", "xw", (Value *[]){x, w}, 2);
}

static Value *value_of(const Maker *m, const char *name) {
  Value *value = graph_find_value(m->graph, name);
  ck_assert_ptr_nonnull(value);
  return value;
}

/* Of the graph's output by the weight. */
static Status path_from(const Maker *m, const char *wanted, Backward **backward, Error *err) {
  Value *value = value_of(m, wanted);
  return backward_new(backward, m->graph, &value, 1, m->graph->outputs, 1, err);
}

START_TEST(every_node_without_a_gradient_is_named) {
  Maker m = maker_new(17);
  Error err = {0};
  Backward *backward;
  Value *drawn = weighted(&m);
  drawn = make_node(&m, "Bernoulli", "first", &drawn, 1);
  drawn = make_node(&m, "Bernoulli", "second", &drawn, 1);
  make_output(&m, make_node(&m, "Neg", "y", &drawn, 1));
  maker_finish(&m);
  ck_assert_int_eq(path_from(&m, "w", &backward, &err), UNSUPPORTED);
  ck_assert_ptr_null(backward);
  const char *reason = op_find("", "Bernoulli")->grad_reason;
  char expected[512];
  snprintf(
      expected, sizeof expected,
      "cannot be trained: no gradient goes through nodes 'first' (Bernoulli: %s), 'second' (Bernoulli: %s)",
      reason, reason);
  ck_assert_str_eq(err.text, expected);
  graph_free(m.graph);
}
END_TEST

/* Numbers beside the path, such as shapes and indices, need no gradient. */
START_TEST(integers_are_no_obstacle) {
  Maker m = maker_new(17);
  Error err = {0};
  Backward *backward;
  Value *xw = weighted(&m), *shape = make_node(&m, "Shape", "shape", &xw, 1);
  make_output(&m, make_node(&m, "Reshape", "y", (Value *[]){xw, shape}, 2));
  maker_finish(&m);
  ck_assert_msg(path_from(&m, "w", &backward, &err) == OK, "%s", err.text);
  backward_free(backward);
  graph_free(m.graph);
}
END_TEST

static void set_body(Graph *graph, Attribute *attribute, const char *name, const char *text) {
  Error err = {0};
  *attribute = (Attribute){.name = name, .kind = ATTRIBUTE_GRAPH};
  ck_assert_msg(sample_body(&text, graph, &attribute->graph, &err) == OK, "%s", err.text);
}

/* If(x[0] > 0): the branches, which read by name what is around them. */
static void refuse_branches(const char *wanted, const char *then_branch, const char *else_branch) {
  Maker m = maker_new(17);
  Error err = {0};
  Backward *backward;
  Value *first = make_ints(&m, "first", (int64_t[]){0}, 1), *zero = make_number(&m, "zero", 0);
  (void)weighted(&m);
  Value *x0 = make_node(&m, "Gather", "x0", (Value *[]){value_of(&m, "x"), first}, 2);
  Value *is_more = make_node(&m, "Greater", "is_more", (Value *[]){x0, zero}, 2);
  Value *y = make_node(&m, "If", "y", &is_more, 1);
  Node *choice = m.graph->nodes[m.graph->node_count - 1];
  choice->attributes = arena_new(&m.graph->arena, 2, sizeof(Attribute), &err);
  choice->attribute_count = 2;
  set_body(m.graph, &choice->attributes[0], "then_branch", then_branch);
  set_body(m.graph, &choice->attributes[1], "else_branch", else_branch);
  make_output(&m, y);
  maker_finish(&m);
  ck_assert_int_eq(path_from(&m, wanted, &backward, &err), UNSUPPORTED);
  ck_assert_str_eq(
      err.text, "cannot be trained: no gradient goes through node 'y' (If: its bodies read what is trained)");
  graph_free(m.graph);
}

START_TEST(what_only_a_body_reads_is_refused) {
  refuse_branches("w", "(|a=Add(xw,xw)|a)", "(|a=Neg(xw)|a)");
  refuse_branches("w", "(|a=Neg(w)|a)", "(|a=Identity(x)|a)");
  refuse_branches("x", "(|a=Neg(w)|a)", "(|a=Identity(x)|a)");
}
END_TEST

/* One step forward and, from a gradient of ones, back. */
static void step(const Backward *backward, const Maker *m, const char *wanted, uint64_t seed, float *y,
                 float *gradient) {
  Error err = {0};
  Tape *tape;
  float numbers[COUNT] = {1, -2, 3, 0.5f};
  Tensor x = {ELEMENT_FLOAT32, SHAPE(COUNT), numbers};
  Value *output = m->graph->outputs[0];
  ck_assert_msg(tape_new(&tape, backward, &err) == OK, "%s", err.text);
  ck_assert_msg(tape_forward(tape, (const Tensor *[]){&x}, seed, &err) == OK, "%s", err.text);
  memcpy(y, tape_value(tape, output)->data, COUNT * sizeof *y);
  float *dy = tape_begin(tape, output, &err)->data;
  for (int i = 0; i < COUNT; i++) dy[i] = 1;
  ck_assert_msg(tape_backward(tape, &err) == OK, "%s", err.text);
  memcpy(gradient, tape_gradient(tape, value_of(m, wanted))->data, COUNT * sizeof *gradient);
  tape_free(tape);
}

START_TEST(noise_is_drawn_anew_by_every_seed) {
  Maker m = maker_new(17);
  Error err = {0};
  Backward *backward;
  Value *xw = weighted(&m), *noise = make_node(&m, "RandomNormalLike", "noise", &xw, 1);
  make_output(&m, make_node(&m, "Add", "y", (Value *[]){xw, noise}, 2));
  maker_finish(&m);
  ck_assert_msg(path_from(&m, "w", &backward, &err) == OK, "%s", err.text);
  float one[COUNT], two[COUNT], again[COUNT], gradient[COUNT];
  step(backward, &m, "w", 1, one, gradient);
  step(backward, &m, "w", 2, two, gradient);
  step(backward, &m, "w", 1, again, gradient);
  for (int i = 0; i < COUNT; i++) ck_assert_float_ne(one[i], two[i]);
  ck_assert_mem_eq(one, again, sizeof one);
  ck_assert_mem_eq(gradient, ((float[]){1, -2, 3, 0.5f}), sizeof gradient);
  backward_free(backward);
  graph_free(m.graph);
}
END_TEST

/* x * x + x: three readers of one value, two of them the same node. */
START_TEST(what_several_nodes_read_gets_the_sum) {
  Maker m = maker_new(17);
  Error err = {0};
  Backward *backward;
  Value *x = make_input(&m, "x", SHAPE(COUNT)),
        *square = make_node(&m, "Mul", "square", (Value *[]){x, x}, 2);
  make_output(&m, make_node(&m, "Add", "y", (Value *[]){square, x}, 2));
  maker_finish(&m);
  ck_assert_msg(path_from(&m, "x", &backward, &err) == OK, "%s", err.text);
  float y[COUNT], gradient[COUNT];
  step(backward, &m, "x", 0, y, gradient);
  ck_assert_mem_eq(gradient, ((float[]){3, -3, 7, 2}), sizeof gradient);
  backward_free(backward);
  graph_free(m.graph);
}
END_TEST

Suite *suite_training_path(void) {
  Suite *suite = suite_create("training_path");
  TCase *tests = tcase_create("path");
  tcase_add_test(tests, every_node_without_a_gradient_is_named);
  tcase_add_test(tests, what_only_a_body_reads_is_refused);
  tcase_add_test(tests, integers_are_no_obstacle);
  tcase_add_test(tests, noise_is_drawn_anew_by_every_seed);
  tcase_add_test(tests, what_several_nodes_read_gets_the_sum);
  suite_add_tcase(suite, tests);
  return suite;
}
