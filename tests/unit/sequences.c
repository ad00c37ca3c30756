/* Sequences and optionals: how they are kept, and the operators on them. */
#include "formats/onnx/onnx.h"
#include "graph/sequence.h"
#include "interpreter/interpreter.h"
#include "tests/support/node_case.h"

#include <check.h>
#include <string.h>

Suite *suite_sequences(void);

/* ---- as bytes ---- */

static Tensor *sequence_of(Arena *arena, ElementType type, const Tensor *const *items, int64_t count) {
  int64_t bytes;
  ck_assert(sequence_bytes(items, count, &bytes));
  Tensor *sequence = tensor_new(arena, type, &SHAPE(bytes), NULL);
  ck_assert_ptr_nonnull(sequence);
  sequence_write(sequence, items, count);
  return sequence;
}

START_TEST(items_come_back) {
  Arena arena = {0};
  const char *words[] = {"one", "two"};
  float numbers[] = {1, 2, 3, 4, 5, 6};
  const Tensor floats = {ELEMENT_FLOAT32, SHAPE(2, 3), numbers}, texts = {ELEMENT_STRING, SHAPE(2), words};
  const Tensor empty = {ELEMENT_INT64, SHAPE(0, 4), NULL};
  const Tensor *items[] = {&floats, &texts, &empty};
  Tensor *sequence = sequence_of(&arena, ELEMENT_SEQUENCE, items, 3);
  ck_assert_int_eq(sequence_count(sequence), 3);
  for (int64_t i = 0; i < 3; i++) {
    Tensor item = sequence_item(sequence, i);
    ck_assert_int_eq(item.type, items[i]->type);
    ck_assert(shape_equals(&item.shape, &items[i]->shape));
    ck_assert(tensor_bytes(&item) == 0 || memcmp(item.data, items[i]->data, tensor_bytes(&item)) == 0);
  }
  arena_free(&arena);
}
END_TEST

START_TEST(copies_do_not_lean_on_the_first) {
  Arena arena = {0};
  int64_t numbers[] = {7, 8};
  const Tensor item = {ELEMENT_INT64, SHAPE(2), numbers}, *items[] = {&item, &item};
  const Tensor *inner = sequence_of(&arena, ELEMENT_SEQUENCE, items, 2);
  Tensor *outer = sequence_of(&arena, ELEMENT_OPTIONAL, &inner, 1), copy = *outer;
  copy.data = arena_copy(&arena, outer->data, tensor_bytes(outer), NULL);
  memset(outer->data, 0xff, tensor_bytes(outer));
  Tensor within = sequence_item(&copy, 0), last = sequence_item(&within, 1);
  ck_assert_int_eq(tensor_get_integer(&last, 1), 8);
  arena_free(&arena);
}
END_TEST

/* ---- operators ---- */

static const struct {
  const char *op, *inputs, *attributes, *result;
} known[] = {
    {"SequenceAt", "seq(f32{1};f32{2,3}), i64[]{-1}", "", "f32{2,3}"},
    {"SequenceInsert", "seq(f32{1};f32{2}), f32{9}, i64[]{-2}", "", "seq(f32{9};f32{1};f32{2})"},
    {"SequenceInsert", "seq(f32{1};f32{2}), f32{9}, i64[]{2}", "", "seq(f32{1};f32{2};f32{9})"},
    {"SequenceErase", "seq(f32{1};f32{2};f32{3})", "", "seq(f32{1};f32{2})"},
    {"SequenceErase", "seq(f32{1};f32{2};f32{3}), i64[]{0}", "", "seq(f32{2};f32{3})"},
    {"SequenceLength", "seq(f32{1};f32{2};f32{3})", "", "i64[]{3}"},
    {"SequenceConstruct", "f32{1}, f32{2,3}", "", "seq(f32{1};f32{2,3})"},
    {"SequenceEmpty", "", "", "seq()"},
    {"SplitToSequence", "f32[2,3]{1,2,3,4,5,6}, i64[]{2}", "axis=1", "seq(f32[2,2]{1,2,4,5};f32[2,1]{3,6})"},
    {"SplitToSequence", "f32[2,2]{1,2,3,4}", "axis=-1 keepdims=0", "seq(f32{1,3};f32{2,4})"},
    {"SplitToSequence", "f32{1,2,3}, i64{0,3}", "keepdims=0", "seq(f32[0]{};f32{1,2,3})"},
    {"ConcatFromSequence", "seq(f32[2,1]{1,2};f32[2,2]{3,4,5,6})", "axis=-1", "f32[2,3]{1,3,4,2,5,6}"},
    {"ConcatFromSequence", "seq(i8{1,2};i8{3,4})", "axis=1 new_axis=1", "i8[2,2]{1,3,2,4}"},
    {"SequenceMap", "seq(f32{1};f32{2}), f32{10}", "body=(x:f32[1],a:f32[1]|y=Add(x,a)|y)",
     "seq(f32{11};f32{12})"},
    {"Optional", "f32{1}", "", "opt(f32{1})"},
    {"Optional", "", "", "opt()"},
    {"OptionalHasElement", "opt()", "", "bool[]{false}"},
    {"OptionalHasElement", "opt(seq())", "", "bool[]{true}"},
    {"OptionalHasElement", "-", "", "bool[]{false}"},
    {"OptionalGetElement", "opt(seq(f32{1};f32{2}))", "", "seq(f32{1};f32{2})"},
    {"OptionalGetElement", "i64{3}", "", "i64{3}"},
    {"Identity", "opt(f32{1})", "", "opt(f32{1})"},
};

/* Runs the one node of a sample as a graph, for the sake of those with bodies. */
static Status run_graph(const char *name, const char *inputs, const char *attributes, const Tensor *expected,
                        Error *err) {
  SampleCase c;
  Interpreter *interpreter = NULL;
  Runner *runner = NULL;
  const Tensor *given[SAMPLE_MAX_INPUTS];
  int count = 0;
  TRY(sample_build(op_find("", name), &(OpSample){inputs, attributes}, 0, &c, err));
  for (int i = 0; i < c.input_count; i++)
    if (c.inputs[i] != NULL && c.node->inputs[i]->is_input) given[count++] = c.inputs[i];
  Status status = op_bind_graph(c.graph, err);
  if (status == OK) status = op_infer_graph(c.graph, err);
  if (status == OK) status = interpreter_new(&interpreter, c.graph, err);
  if (status == OK) status = runner_new(&runner, interpreter, err);
  if (status == OK) status = runner_run(runner, given, NULL, err);
  if (status == OK && expected != NULL) {
    const Tensor *got = runner_output(runner, 0);
    ck_assert_msg(got->type == expected->type && shape_equals(&got->shape, &expected->shape) &&
                      (tensor_bytes(got) == 0 || memcmp(got->data, expected->data, tensor_bytes(got)) == 0),
                  "%s %s: another result", name, inputs);
  }
  runner_free(runner);
  interpreter_free(interpreter);
  graph_free(c.graph);
  return status;
}

START_TEST(results_are_known) {
  SampleCase holder;
  Error err = {0};
  const Tensor *expected = node_case_tensor(known[_i].result, &holder);
  Status status = run_graph(known[_i].op, known[_i].inputs, known[_i].attributes, expected, &err);
  ck_assert_msg(status == OK, "%s %s: %s", known[_i].op, known[_i].inputs, err.text);
  graph_free(holder.graph);
}
END_TEST

static const struct {
  const char *op, *inputs, *attributes, *says;
} refused[] = {
    {"SequenceAt", "seq(f32{1};f32{2}), i64[]{2}", "", "position 2 is outside a sequence of 2"},
    {"SequenceAt", "seq(f32{1};f32{2}), i64[]{-3}", "", "position -3 is outside"},
    {"SequenceAt", "seq(f32{1}), i64[2]{0}", "", "not one number"},
    {"SequenceErase", "seq()", "", "outside a sequence of 0"},
    {"SequenceInsert", "seq(f32{1}), f32{2}, i64[]{2}", "", "position 2 is outside"},
    {"SequenceAt", "f32{1}, i64[]{0}", "", "input 0 ('input_sequence') cannot be float32"},
    {"SplitToSequence", "f32{1,2,3}, i64{1,1}", "", "2 rows together, but the input has 3"},
    {"SplitToSequence", "f32{1,2,3}, i64{4,-1}", "", "negative size"},
    {"SplitToSequence", "f32{1,2,3}, i64[]{0}", "", "parts are to have 0 rows"},
    {"SplitToSequence", "f32{1,2,3}", "axis=1", "axis 1 is outside the input's 1 axes"},
    {"ConcatFromSequence", "seq()", "axis=0", "has no item"},
    {"ConcatFromSequence", "seq(f32{1};i64{1})", "axis=0", "differ in type or shape"},
    {"ConcatFromSequence", "seq(f32[1,2];f32[1,3])", "axis=0", "differ in type or shape"},
    {"ConcatFromSequence", "seq(f32{1})", "axis=1", "axis 1 is outside the 1 axes"},
    {"SequenceMap", "seq(f32{1};f32{2}), seq(f32{1})", "body=(x:f32[1],a:f32[1]|y=Add(x,a)|y)",
     "differ in length: 2 and 1"},
    {"OptionalGetElement", "opt()", "", "the optional holds nothing"},
};

START_TEST(misfits_are_refused) {
  Error err = {0};
  Status status = run_graph(refused[_i].op, refused[_i].inputs, refused[_i].attributes, NULL, &err);
  ck_assert_msg(status == BAD_INPUT && strstr(err.text, refused[_i].says) != NULL, "%s %s: '%s'",
                refused[_i].op, refused[_i].inputs, err.text);
}
END_TEST

/* Models at whose edge they stand can be run, but not written. */
START_TEST(files_do_not_hold_them) {
  Error err = {0};
  SampleCase c;
  ck_assert_int_eq(sample_build(op_find("", "Identity"), &(OpSample){"seq(f32{1})", ""}, 0, &c, &err), OK);
  ck_assert_int_eq(onnx_write("build/never.onnx", c.graph, &err), UNSUPPORTED);
  ck_assert_msg(strstr(err.text, "value 'x0' is a sequence; edgec writes tensors") != NULL, "%s", err.text);
  graph_free(c.graph);
}
END_TEST

Suite *suite_sequences(void) {
  Suite *suite = suite_create("sequences");
  TCase *tests = tcase_create("sequences");
  tcase_add_test(tests, items_come_back);
  tcase_add_test(tests, copies_do_not_lean_on_the_first);
  tcase_add_loop_test(tests, results_are_known, 0, (int)(sizeof known / sizeof *known));
  tcase_add_loop_test(tests, misfits_are_refused, 0, (int)(sizeof refused / sizeof *refused));
  tcase_add_test(tests, files_do_not_hold_them);
  suite_add_tcase(suite, tests);
  return suite;
}
