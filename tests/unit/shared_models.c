/* Third-party networks against the outputs that ONNX Runtime gave: as they are, and after the passes. */
#include "formats/data/data.h"
#include "formats/onnx/onnx.h"
#include "interpreter/fold.h"
#include "interpreter/interpreter.h"
#include "tests/support/shared_data.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Suite *suite_shared_models(void);

#define TOLERANCE 1e-4 /* of the largest output */
#define PORTS 8

static const char *const models[] = {
    "mnist",       "squeezenet1.1",   "mobilenetv2-7-features", "ppocr_cls", "super_resolution", "ncf",
    "magika_v3_3", "tiny_time_mixer", "ultraface_rfb320",       "dtln_1",    "yolox_nano"};

static Error err;

/* Array `key` of the network's .npz as a tensor of `type`. */
static Tensor *read_array(Arena *arena, const char *path, const char *key, ElementType type) {
  DataSource *source;
  ck_assert_msg(data_open(&source, path, key, &err) == OK, "%s", err.text);
  const DataForm *form = data_form(source);
  Shape shape = {.rank = form->rank + 1, .dims = {form->samples}};
  for (int d = 0; d < form->rank; d++) shape.dims[d + 1] = form->dims[d];
  Tensor *tensor = tensor_new(arena, type, &shape, &err);
  int64_t count = tensor_elements(tensor);
  if (element_is_float(type)) {
    ck_assert_int_eq(data_read_f32(source, form->samples, tensor->data, &err), OK);
  } else {
    int64_t *values = arena_new(arena, (size_t)count, sizeof *values, &err);
    ck_assert_int_eq(data_read_i64(source, form->samples, values, &err), OK);
    for (int64_t i = 0; i < count; i++) tensor_set_integer(tensor, i, values[i]);
  }
  data_close(source);
  return tensor;
}

static void compare_outputs(Arena *arena, const Graph *graph, const Runner *runner, const char *vectors,
                            const char *what) {
  for (int i = 0; i < graph->output_count; i++) {
    char key[16];
    snprintf(key, sizeof key, "out_%d", i);
    const Tensor *expected = read_array(arena, vectors, key, ELEMENT_FLOAT32),
                 *got = runner_output(runner, i);
    int64_t count = tensor_elements(expected);
    ck_assert_int_eq(tensor_elements(got), count);
    double largest = 0, difference = 0;
    for (int64_t e = 0; e < count; e++) {
      largest = fmax(largest, fabs(tensor_get(expected, e)));
      difference = fmax(difference, fabs(tensor_get(expected, e) - tensor_get(got, e)));
    }
    ck_assert_msg(difference <= TOLERANCE * largest, "%s: output %d differs by %g of %g", what, i, difference,
                  largest);
  }
}

static void run(Arena *arena, const Graph *graph, const Tensor *const *inputs, const char *vectors,
                const char *what) {
  Interpreter *interpreter;
  Runner *runner;
  ck_assert_int_eq(interpreter_new(&interpreter, graph, &err), OK);
  ck_assert_int_eq(runner_new(&runner, interpreter, &err), OK);
  ck_assert_msg(runner_run(runner, inputs, NULL, &err) == OK, "%s: %s", what, err.text);
  compare_outputs(arena, graph, runner, vectors, what);
  runner_free(runner);
  interpreter_free(interpreter);
}

START_TEST(agrees_with_its_vector) {
  char model[SHARED_PATH_ROOM], vectors[SHARED_PATH_ROOM], name[128];
  snprintf(name, sizeof name, "models/third-party/%s.onnx", models[_i]);
  if (!shared_path(name, model)) return;
  snprintf(name, sizeof name, "models/third-party/%s.npz", models[_i]);
  if (!shared_path(name, vectors)) return;
  Graph *graph;
  Arena arena = {0};
  const Tensor *inputs[PORTS];
  ck_assert_msg(onnx_read(model, &graph, &err) == OK, "%s", err.text);
  ck_assert_int_le(graph->input_count, PORTS);
  for (int i = 0; i < graph->input_count; i++) {
    char key[16];
    snprintf(key, sizeof key, "in_%d", i);
    inputs[i] = read_array(&arena, vectors, key, graph->inputs[i]->type);
    ck_assert_msg(graph_bind_input(graph, graph->inputs[i], &inputs[i]->shape, &err) == OK, "%s", err.text);
  }
  ck_assert_msg(op_bind_graph(graph, &err) == OK, "%s", err.text);
  ck_assert_msg(op_infer_graph(graph, &err) == OK, "%s", err.text);
  run(&arena, graph, inputs, vectors, models[_i]);
  PassReport report;
  ck_assert_msg(passes_run(graph, &interpreter_pass_hooks, &report, &err) == OK, "%s", err.text);
  run(&arena, graph, inputs, vectors, models[_i]);
  graph_free(graph);
  arena_free(&arena);
}
END_TEST

Suite *suite_shared_models(void) {
  Suite *suite = suite_create("shared_models");
  TCase *tests = tcase_create("vectors");
  tcase_add_loop_test(tests, agrees_with_its_vector, 0, (int)(sizeof models / sizeof models[0]));
  suite_add_tcase(suite, tests);
  return suite;
}
