/* Models that are written: what is read again is the same. */
#include "formats/onnx/onnx.h"
#include "tests/support/graph_equal.h"
#include "tests/support/graph_maker.h"
#include "tests/support/onnx_cases.h"
#include "tests/support/shell.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_onnx_write(void);

static char *path_of(const char *name) {
  char *folder = shell_folder("onnx_write"), *path = NULL;
  Text text = {0};
  text_add(&text, "%s/%s", folder, name);
  path = strdup(text.bytes);
  text_free(&text);
  free(folder);
  return path;
}

/* Written to `path` and read again. */
static Graph *again(const Graph *graph, const char *path) {
  Error err = {0};
  Graph *copy = NULL;
  ck_assert_msg(onnx_write(path, graph, &err) == OK, "%s", err.text);
  ck_assert_msg(onnx_read(path, &copy, &err) == OK, "%s", err.text);
  return copy;
}

static void check_round_trip(const char *model) {
  Error err = {0};
  Graph *graph;
  ck_assert_msg(onnx_read(model, &graph, &err) == OK, "%s", err.text);
  char *path = path_of("once.onnx");
  Graph *copy = again(graph, path);
  check_graphs_equal(graph, copy, model);
  if (graph->ir_version >= 4) ck_assert_int_eq(graph->ir_version, copy->ir_version);
  ck_assert_str_eq(graph->producer, copy->producer);
  Text first = read_whole(path);
  graph_free(again(copy, path));
  Text second = read_whole(path);
  ck_assert_msg(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0,
                "%s: written again, the bytes differ", model);
  text_free(&first);
  text_free(&second);
  graph_free(graph);
  graph_free(copy);
  free(path);
}

START_TEST(the_example_stays_the_same) {
  check_round_trip("examples/digits.onnx");
}
END_TEST

/* Where the models of other projects lie beside this one. */
START_TEST(shared_models_stay_the_same) {
  glob_t found;
  if (glob("../shared/models/*/*.onnx", 0, NULL, &found) != 0) {
    puts("onnx_write: there is no ../shared/models: the round trip of its models is skipped");
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; i++) {
    Graph *graph = NULL;
    bool is_readable = onnx_read(found.gl_pathv[i], &graph, NULL) == OK;
    graph_free(graph);
    if (is_readable) check_round_trip(found.gl_pathv[i]);
  }
  globfree(&found);
}
END_TEST

/* ---- what a graph may hold ---- */

static void give_attributes(Graph *graph, Node *node) {
  static const float floats[] = {0.5f, -1.0f};
  static const int64_t ints[] = {INT64_MIN, 3};
  static const char *const strings[] = {"a", ""};
  static const char *const words[] = {"one", "two"};
  static Tensor number = {ELEMENT_FLOAT64, {0}, NULL}, text = {ELEMENT_STRING, {1, {2}}, NULL};
  static double value = 0.1;
  Error err = {0};
  number.data = &value;
  text.data = (void *)(uintptr_t)words;
  const Attribute all[] = {{.name = "f", .kind = ATTRIBUTE_FLOAT, .f = 0.25},
                           {.name = "i", .kind = ATTRIBUTE_INT, .i = -7},
                           {.name = "s", .kind = ATTRIBUTE_STRING, .s = "text"},
                           {.name = "t", .kind = ATTRIBUTE_TENSOR, .tensor = &number},
                           {.name = "u", .kind = ATTRIBUTE_TENSOR, .tensor = &text},
                           {.name = "fs", .kind = ATTRIBUTE_FLOATS, .count = 2, .floats = floats},
                           {.name = "is", .kind = ATTRIBUTE_INTS, .count = 2, .ints = ints},
                           {.name = "none", .kind = ATTRIBUTE_INTS, .count = 0, .ints = ints},
                           {.name = "ss", .kind = ATTRIBUTE_STRINGS, .count = 2, .strings = strings}};
  node->attribute_count = (int)(sizeof all / sizeof *all);
  node->attributes = arena_new(&graph->arena, (size_t)node->attribute_count, sizeof *all, &err);
  ck_assert_ptr_nonnull(node->attributes);
  memcpy(node->attributes, all, sizeof all);
}

/* A node with every kind of attribute, an absent input and an absent output, and dims of three kinds. */
static Graph *everything(void) {
  Error err = {0};
  Maker m = maker_new(17);
  int symbol = graph_symbol(m.graph, "batch", &err);
  m.graph->name = "everything";
  m.graph->ir_version = 8;
  Value *x = make_input(&m, "x", SHAPE(DIM_SYMBOL(symbol), 3, DIM_UNKNOWN));
  Value *w = make_constant(&m, "w", SHAPE(2, 0, 3));
  make_constant(&m, "unread", SHAPE(2));
  Value *y = graph_add_value(m.graph, "y", &err);
  Node *node = graph_add_node(m.graph, "node", "some.domain", "Anything", (Value *[]){x, NULL, w}, 3,
                              (Value *[]){NULL, y}, 2, &err);
  give_attributes(m.graph, node);
  make_output(&m, y);
  ck_assert_msg(graph_refresh(m.graph, &err) == OK, "%s", err.text);
  return m.graph;
}

START_TEST(everything_stays) {
  Graph *graph = everything();
  char *path = path_of("everything.onnx");
  Graph *copy = again(graph, path);
  check_graphs_equal(graph, copy, "everything");
  ck_assert_ptr_null(graph_find_value(copy, "unread"));
  graph_free(graph);
  graph_free(copy);
  free(path);
}
END_TEST

START_TEST(bodies_stay) {
  Text bytes = if_graph("condition"), model = onnx_model_bytes(&bytes, 8, 17);
  Graph *graph = NULL;
  Error err = {0};
  Status status = onnx_parse("if", model.bytes, model.length, &graph, &err);
  ck_assert_msg(status == OK, "%s", err.text);
  char *path = path_of("if.onnx");
  Graph *copy = again(graph, path);
  check_graphs_equal(graph, copy, "if");
  text_free(&model);
  graph_free(graph);
  graph_free(copy);
  free(path);
}
END_TEST

START_TEST(versions_are_raised_where_a_node_is_newer) {
  Error err = {0};
  Maker m = maker_new(9);
  m.graph->ir_version = 3;
  Value *y = make_node(&m, "HardSwish", "y", (Value *[]){make_input(&m, "x", SHAPE(2))}, 1);
  make_output(&m, y);
  y->producer->opset = 14;
  ck_assert_int_eq(graph_refresh(m.graph, &err), OK);
  char *path = path_of("raised.onnx");
  Graph *copy = again(m.graph, path);
  ck_assert_int_eq(graph_opset(copy, ""), 14);
  ck_assert_int_eq(copy->ir_version, 7);
  graph_free(copy);
  graph_free(m.graph);
  free(path);
}
END_TEST

START_TEST(own_files_are_known) {
  Graph *graph = everything();
  char *path = path_of("own.onnx");
  graph_free(again(graph, path));
  Text other = read_whole(path);
  graph->producer = ONNX_OWN_PRODUCER;
  graph_free(again(graph, path));
  Text own = read_whole(path);
  ck_assert(onnx_is_own(own.bytes, own.length));
  ck_assert(!onnx_is_own(own.bytes, 5));
  ck_assert(!onnx_is_own(other.bytes, other.length));
  text_free(&own);
  text_free(&other);
  graph_free(graph);
  free(path);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_nothing) {
  Error err = {0};
  Graph *graph = everything();
  char *path = path_of("refused.onnx");
  graph->nodes[0]->attributes[0].kind = ATTRIBUTE_OTHER;
  ck_assert_int_eq(onnx_write(path, graph, &err), UNSUPPORTED);
  ck_assert_msg(strstr(err.text, "node 'node' (Anything): attribute 'f'") != NULL, "%s", err.text);
  ck_assert(!file_exists(path));
  ck_assert_int_eq(onnx_write("nowhere/at/all.onnx", graph, &err), SYSTEM);
  graph_free(graph);
  free(path);
}
END_TEST

Suite *suite_onnx_write(void) {
  Suite *suite = suite_create("onnx_write");
  TCase *tests = tcase_create("write");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, shell_setup, NULL);
  tcase_add_test(tests, the_example_stays_the_same);
  tcase_add_test(tests, shared_models_stay_the_same);
  tcase_add_test(tests, everything_stays);
  tcase_add_test(tests, bodies_stay);
  tcase_add_test(tests, versions_are_raised_where_a_node_is_newer);
  tcase_add_test(tests, own_files_are_known);
  tcase_add_test(tests, what_cannot_be_written_leaves_nothing);
  suite_add_tcase(suite, tests);
  return suite;
}
