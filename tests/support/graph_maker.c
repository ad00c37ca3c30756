#include "tests/support/graph_maker.h"

#include "interpreter/interpreter.h"

#include <check.h>
#include <string.h>

static void expect_ok(Status status, const Error *err) {
  ck_assert_msg(status == OK, "%s", err->text);
}

Maker maker_new(int64_t opset) {
  Error err = {0};
  Maker maker = {.graph = graph_new(&err), .random = {.state = 1}};
  ck_assert_ptr_nonnull(maker.graph);
  maker.graph->opsets = arena_new(&maker.graph->arena, 1, sizeof(Opset), &err);
  ck_assert_ptr_nonnull(maker.graph->opsets);
  maker.graph->opsets[0] = (Opset){.domain = "", .version = opset};
  maker.graph->opset_count = 1;
  return maker;
}

Value *make_input(Maker *maker, const char *name, Shape shape) {
  Error err = {0};
  Value *value = graph_add_input(maker->graph, name, ELEMENT_FLOAT32, &shape, &err);
  ck_assert_ptr_nonnull(value);
  return value;
}

static Value *add_constant(Maker *maker, const char *name, Tensor *tensor) {
  Error err = {0};
  Value *value = graph_add_constant(maker->graph, name, tensor, &err);
  ck_assert_ptr_nonnull(value);
  return value;
}

static Tensor *new_tensor(Maker *maker, ElementType type, Shape shape) {
  Error err = {0};
  Tensor *tensor = tensor_new(&maker->graph->arena, type, &shape, &err);
  ck_assert_ptr_nonnull(tensor);
  return tensor;
}

Value *make_constant(Maker *maker, const char *name, Shape shape) {
  Tensor *tensor = new_tensor(maker, ELEMENT_FLOAT32, shape);
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, 0.5 + random_unit(&maker->random));
  return add_constant(maker, name, tensor);
}

Value *make_number(Maker *maker, const char *name, float number) {
  Tensor *tensor = new_tensor(maker, ELEMENT_FLOAT32, SHAPE_SCALAR);
  tensor_set(tensor, 0, (double)number);
  return add_constant(maker, name, tensor);
}

Value *make_ints(Maker *maker, const char *name, const int64_t *ints, int64_t count) {
  Tensor *tensor = new_tensor(maker, ELEMENT_INT64, SHAPE(count));
  for (int64_t i = 0; i < count; i++) tensor_set_integer(tensor, i, ints[i]);
  return add_constant(maker, name, tensor);
}

Value *make_node(Maker *maker, const char *type, const char *output, Value *const *inputs, int count) {
  Error err = {0};
  Value *value = graph_add_value(maker->graph, output, &err);
  ck_assert_ptr_nonnull(value);
  ck_assert_ptr_nonnull(graph_add_node(maker->graph, output, "", type, inputs, count, &value, 1, &err));
  return value;
}

void make_output(Maker *maker, Value *value) {
  Error err = {0};
  expect_ok(graph_add_output(maker->graph, value, &err), &err);
}

void maker_finish(Maker *maker) {
  Error err = {0};
  expect_ok(graph_refresh(maker->graph, &err), &err);
  expect_ok(op_bind_graph(maker->graph, &err), &err);
  expect_ok(op_infer_graph(maker->graph, &err), &err);
}

static const Tensor *seeded_input(const Value *input, Random *random, Arena *arena) {
  Error err = {0};
  Tensor *tensor = tensor_new(arena, input->type, &input->shape, &err);
  ck_assert_ptr_nonnull(tensor);
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set(tensor, i, 4.0 * random_unit(random) - 2.0);
  return tensor;
}

Tensor *graph_compute(const Graph *graph, int i, Arena *arena) {
  Error err = {0};
  Random random = {.state = 7};
  const Tensor *inputs[8];
  ck_assert_int_le(graph->input_count, 8);
  for (int k = 0; k < graph->input_count; k++) inputs[k] = seeded_input(graph->inputs[k], &random, arena);
  Interpreter *interpreter;
  Runner *runner;
  expect_ok(interpreter_new(&interpreter, graph, &err), &err);
  expect_ok(runner_new(&runner, interpreter, &err), &err);
  expect_ok(runner_run(runner, inputs, NULL, &err), &err);
  const Tensor *output = runner_output(runner, i);
  Tensor *copy = tensor_new(arena, output->type, &output->shape, &err);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy->data, output->data, tensor_bytes(output));
  runner_free(runner);
  interpreter_free(interpreter);
  return copy;
}

int graph_count(const Graph *graph, const char *type) {
  int count = 0;
  for (int n = 0; n < graph->node_count; n++) count += node_is(graph->nodes[n], type);
  return count;
}
