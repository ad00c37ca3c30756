/* Bodies in a whole graph: what they take from around them stays right when passes change what is there. */
#include "interpreter/fold.h"
#include "interpreter/interpreter.h"
#include "operators/sample_body.h"

#include <check.h>

Suite *suite_interpreter_bodies(void);

static void set_body(Graph *graph, Attribute *attribute, const char *name, const char *text) {
  Error err = {0};
  *attribute = (Attribute){.name = name, .kind = ATTRIBUTE_GRAPH};
  ck_assert_msg(sample_body(&text, graph, &attribute->graph, &err) == OK, "%s", err.text);
}

/* If(cond): e + e, otherwise -e, where e = Identity(x). */
static Graph *make_choice(void) {
  static Opset opset = {"", 17};
  Error err = {0};
  Graph *graph = graph_new(&err);
  graph->opsets = &opset;
  graph->opset_count = 1;
  Value *cond = graph_add_input(graph, "cond", ELEMENT_BOOL, &SHAPE_SCALAR, &err);
  Value *x = graph_add_input(graph, "x", ELEMENT_FLOAT32, &SHAPE(2), &err);
  Value *e = graph_add_value(graph, "e", &err), *y = graph_add_value(graph, "y", &err);
  ck_assert_ptr_nonnull(graph_add_node(graph, "copy", "", "Identity", &x, 1, &e, 1, &err));
  Node *choice = graph_add_node(graph, "choice", "", "If", &cond, 1, &y, 1, &err);
  choice->attributes = arena_new(&graph->arena, 2, sizeof(Attribute), &err);
  choice->attribute_count = 2;
  set_body(graph, &choice->attributes[0], "then_branch", "(|a=Add(e,e)|a)");
  set_body(graph, &choice->attributes[1], "else_branch", "(|a=Neg(e)|a)");
  ck_assert_int_eq(graph_add_output(graph, y, &err), OK);
  ck_assert_msg(graph_refresh(graph, &err) == OK && op_bind_graph(graph, &err) == OK &&
                    op_infer_graph(graph, &err) == OK,
                "%s", err.text);
  return graph;
}

static float first_result(const Graph *graph, bool truth) {
  Error err = {0};
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  float numbers[2] = {3, 4};
  uint8_t choice = truth;
  Tensor cond = {ELEMENT_BOOL, SHAPE_SCALAR, &choice}, x = {ELEMENT_FLOAT32, SHAPE(2), numbers};
  ck_assert_int_eq(interpreter_new(&interpreter, graph, &err), OK);
  ck_assert_int_eq(runner_new(&runner, interpreter, &err), OK);
  ck_assert_msg(runner_run(runner, (const Tensor *[]){&cond, &x}, NULL, &err) == OK, "%s", err.text);
  float result = *(const float *)runner_output(runner, 0)->data;
  runner_free(runner);
  interpreter_free(interpreter);
  return result;
}

START_TEST(a_body_reads_what_replaced_its_value) {
  Error err = {0};
  Graph *graph = make_choice();
  ck_assert_float_eq(first_result(graph, true), 6);
  graph_replace_value(graph, graph_find_value(graph, "e"), graph_find_value(graph, "x"));
  node_remove(graph->nodes[0]);
  ck_assert_int_eq(graph_sweep(graph, &err), OK);
  ck_assert_int_eq(graph->node_count, 1);
  ck_assert_float_eq(first_result(graph, true), 6);
  ck_assert_float_eq(first_result(graph, false), -3);
  graph_free(graph);
}
END_TEST

START_TEST(passes_keep_what_a_body_reads) {
  Error err = {0};
  PassReport report;
  Graph *graph = make_choice();
  ck_assert_msg(passes_run(graph, &interpreter_pass_hooks, &report, &err) == OK, "%s", err.text);
  ck_assert_float_eq(first_result(graph, true), 6);
  ck_assert_float_eq(first_result(graph, false), -3);
  graph_free(graph);
}
END_TEST

START_TEST(branches_tell_the_result) {
  Graph *graph = make_choice();
  const Value *y = graph->outputs[0];
  ck_assert_int_eq(y->type, ELEMENT_FLOAT32);
  ck_assert(y->has_shape && shape_equals(&y->shape, &SHAPE(2)));
  graph_free(graph);
}
END_TEST

Suite *suite_interpreter_bodies(void) {
  Suite *suite = suite_create("interpreter_bodies");
  TCase *tests = tcase_create("captured values");
  tcase_add_test(tests, a_body_reads_what_replaced_its_value);
  tcase_add_test(tests, passes_keep_what_a_body_reads);
  tcase_add_test(tests, branches_tell_the_result);
  suite_add_tcase(suite, tests);
  return suite;
}
