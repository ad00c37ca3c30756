/* Nodes whose result is their input's bytes under another shape. */
#include "interpreter/interpreter.h"

#include <check.h>

Suite *suite_interpreter_alias(void);

static Error err;

static Tensor *numbers(Graph *graph, ElementType type, const Shape *shape, const double *values) {
  Tensor *tensor = tensor_new(&graph->arena, type, shape, &err);
  ck_assert_ptr_nonnull(tensor);
  for (int64_t i = 0; i < tensor_elements(tensor); i++) tensor_set(tensor, i, values[i]);
  return tensor;
}

static Value *add_node(Graph *graph, const char *type, Value *a, Value *b, const char *out) {
  Value *value = graph_add_value(graph, out, &err);
  ck_assert_ptr_nonnull(value);
  ck_assert_ptr_nonnull(
      graph_add_node(graph, type, "", type, (Value *[]){a, b}, 2, (Value *[]){value}, 1, &err));
  return value;
}

/* x [1,2] times a constant of four elements that is reshaped to [2,2]: exporters write weights so. */
START_TEST(a_constant_may_be_reshaped_before_it_is_used) {
  Graph *graph = graph_new(&err);
  ck_assert_ptr_nonnull(graph);
  graph->opsets = (Opset[]){{"", 13}};
  graph->opset_count = 1;
  const Tensor *data = numbers(graph, ELEMENT_FLOAT32, &SHAPE(1, 2), (double[]){1, 10});
  const Tensor *flat = numbers(graph, ELEMENT_FLOAT32, &SHAPE(4), (double[]){1, 2, 3, 4});
  const Tensor *shape = numbers(graph, ELEMENT_INT64, &SHAPE(2), (double[]){2, 2});
  Value *x = graph_add_input(graph, "x", ELEMENT_FLOAT32, &SHAPE(1, 2), &err);
  Value *w = add_node(graph, "Reshape", graph_add_constant(graph, "flat", flat, &err),
                      graph_add_constant(graph, "shape", shape, &err), "w");
  Value *y = add_node(graph, "MatMul", x, w, "y");
  ck_assert_int_eq(graph_add_output(graph, y, &err), OK);
  ck_assert_int_eq(graph_refresh(graph, &err), OK);
  ck_assert_msg(op_bind_graph(graph, &err) == OK && op_infer_graph(graph, &err) == OK, "%s", err.text);
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  ck_assert_int_eq(interpreter_new(&interpreter, graph, &err), OK);
  ck_assert_int_eq(runner_new(&runner, interpreter, &err), OK);
  for (int run = 0; run < 2; run++) { /* the second finds the first one's slots */
    ck_assert_msg(runner_run(runner, &data, NULL, &err) == OK, "%s", err.text);
    ck_assert_double_eq(tensor_get(runner_output(runner, 0), 0), 31);
    ck_assert_double_eq(tensor_get(runner_output(runner, 0), 1), 42);
  }
  runner_free(runner);
  interpreter_free(interpreter);
  graph_free(graph);
}
END_TEST

Suite *suite_interpreter_alias(void) {
  Suite *suite = suite_create("interpreter_alias");
  TCase *tests = tcase_create("alias");
  tcase_add_test(tests, a_constant_may_be_reshaped_before_it_is_used);
  suite_add_tcase(suite, tests);
  return suite;
}
