/* Nodes that only rename bytes (Identity, Reshape ...) share memory with what they are given. */
#include "interpreter/interpreter.h"

#include <check.h>

Suite *suite_interpreter_alias(void);

typedef struct Model {
  Graph *graph;
  Interpreter *interpreter;
  Runner *runner;
  Error err;
} Model;

static Value *add_node(Model *m, const char *type, Value *const *inputs, int count, const char *output) {
  Value *value = graph_add_value(m->graph, output, &m->err);
  ck_assert_ptr_nonnull(value);
  ck_assert_ptr_nonnull(graph_add_node(m->graph, output, "", type, inputs, count, &value, 1, &m->err));
  return value;
}

static void start(Model *m) {
  *m = (Model){0};
  m->graph = graph_new(&m->err);
  ck_assert_ptr_nonnull(m->graph);
  static Opset opset = {"", 13};
  m->graph->opsets = &opset;
  m->graph->opset_count = 1;
}

static Status prepare(Model *m) {
  TRY(graph_refresh(m->graph, &m->err));
  TRY(op_bind_graph(m->graph, &m->err));
  TRY(op_infer_graph(m->graph, &m->err));
  TRY(interpreter_new(&m->interpreter, m->graph, &m->err));
  return runner_new(&m->runner, m->interpreter, &m->err);
}

static void finish(Model *m) {
  runner_free(m->runner);
  interpreter_free(m->interpreter);
  graph_free(m->graph);
}

static void check_output(Model *m, float x, int output, float expected) {
  Tensor input = {ELEMENT_FLOAT32, SHAPE(1), &x};
  ck_assert_msg(runner_run(m->runner, (const Tensor *[]){&input}, NULL, &m->err) == OK, "%s", m->err.text);
  ck_assert_float_eq(*(const float *)runner_output(m->runner, output)->data, expected);
}

/* x + identity(identity(constant)) */
START_TEST(a_constant_is_shared) {
  Model m;
  start(&m);
  float two = 2;
  Tensor constant = {ELEMENT_FLOAT32, SHAPE(1), &two};
  Value *x = graph_add_input(m.graph, "x", ELEMENT_FLOAT32, &SHAPE(1), &m.err);
  Value *c = graph_add_constant(m.graph, "c", &constant, &m.err);
  Value *again = add_node(&m, "Identity", &c, 1, "again");
  again = add_node(&m, "Identity", &again, 1, "once more");
  Value *sum = add_node(&m, "Add", (Value *[]){x, again}, 2, "sum");
  ck_assert_int_eq(graph_add_output(m.graph, sum, &m.err), OK);
  ck_assert_msg(prepare(&m) == OK, "%s", m.err.text);
  check_output(&m, 3, 0, 5);
  check_output(&m, 4, 0, 6);
  finish(&m);
}
END_TEST

/* What is shared stays until its last reader, whichever name that uses; the caller's memory is not kept. */
START_TEST(shared_memory_lives_long_enough) {
  Model m;
  start(&m);
  Value *x = graph_add_input(m.graph, "x", ELEMENT_FLOAT32, &SHAPE(1), &m.err);
  Value *copy = add_node(&m, "Identity", &x, 1, "copy");
  Value *y = add_node(&m, "Neg", &x, 1, "y");
  Value *alias = add_node(&m, "Identity", &y, 1, "alias");
  Value *z = add_node(&m, "Exp", &y, 1, "z");
  Value *w = add_node(&m, "Sub", (Value *[]){z, z}, 2, "w");
  Value *sum = add_node(&m, "Add", (Value *[]){w, alias}, 2, "sum");
  ck_assert_int_eq(graph_add_output(m.graph, sum, &m.err), OK);
  ck_assert_int_eq(graph_add_output(m.graph, copy, &m.err), OK);
  ck_assert_msg(prepare(&m) == OK, "%s", m.err.text);
  check_output(&m, 3, 0, -3);
  check_output(&m, 5, 1, 5);
  finish(&m);
}
END_TEST

Suite *suite_interpreter_alias(void) {
  Suite *suite = suite_create("interpreter_alias");
  TCase *tests = tcase_create("alias");
  tcase_add_test(tests, a_constant_is_shared);
  tcase_add_test(tests, shared_memory_lives_long_enough);
  suite_add_tcase(suite, tests);
  return suite;
}
