/* Shape arithmetic: chains that resolve with symbolic dimensions, and target shapes that must be refused. */
#include "interpreter/interpreter.h"
#include "operators/samples.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_operator_shapes(void);

/* ---- a graph under construction; anything that fails ends the test ---- */

typedef struct Chain {
  Graph *graph;
  Error err;
  Dim batch; /* a symbol */
} Chain;

static Chain chain_new(void) {
  Chain chain = {0};
  chain.graph = graph_new(&chain.err);
  ck_assert_ptr_nonnull(chain.graph);
  chain.graph->opsets = arena_new(&chain.graph->arena, 1, sizeof *chain.graph->opsets, &chain.err);
  chain.graph->opsets[0] = (Opset){.domain = "", .version = 18};
  chain.graph->opset_count = 1;
  chain.batch = DIM_SYMBOL(graph_symbol(chain.graph, "N", &chain.err));
  return chain;
}

static Value *image(Chain *chain, Shape shape) {
  Value *value = graph_add_input(chain->graph, "x", ELEMENT_FLOAT32, &shape, &chain->err);
  ck_assert_ptr_nonnull(value);
  return value;
}

/* A constant of integers: rank 1, or a scalar where `count` is 0. */
static Value *integers(Chain *chain, int count, const int64_t *values) {
  Shape shape = count == 0 ? SHAPE_SCALAR : SHAPE(count);
  Tensor *tensor = tensor_new(&chain->graph->arena, ELEMENT_INT64, &shape, &chain->err);
  ck_assert_ptr_nonnull(tensor);
  memcpy(tensor->data, values, (size_t)(count == 0 ? 1 : count) * sizeof *values);
  const char *name = graph_unused_name(chain->graph, "c", &chain->err);
  return graph_add_constant(chain->graph, name, tensor, &chain->err);
}

static Value *integer(Chain *chain, int64_t value) {
  return integers(chain, 0, &value);
}
#define INTEGERS(chain, ...)                                                                                 \
  integers(chain, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

static Value *node(Chain *chain, const char *type, int input_count, Value **inputs) {
  Graph *graph = chain->graph;
  Value *out = graph_add_value(graph, graph_unused_name(graph, "v", &chain->err), &chain->err);
  const char *name = graph_unused_name(graph, type, &chain->err);
  ck_assert_ptr_nonnull(out);
  ck_assert_ptr_nonnull(graph_add_node(graph, name, "", type, inputs, input_count, &out, 1, &chain->err));
  return out;
}
#define NODE(chain, type, ...)                                                                               \
  node(chain, type, (int)(sizeof((Value *[]){__VA_ARGS__}) / sizeof(Value *)), (Value *[]){__VA_ARGS__})

static Value *with_axis(Chain *chain, Value *value, int64_t axis) {
  Node *made = chain->graph->nodes[chain->graph->node_count - 1];
  ck_assert_int_eq(node_set_int(chain->graph, made, "axis", axis, &chain->err), OK);
  return value;
}

/* Infers everything and compares the shape of `value`; frees the graph. */
static void expect_shape(Chain *chain, Value *value, Shape shape) {
  Graph *graph = chain->graph;
  ck_assert_int_eq(graph_add_output(graph, value, &chain->err), OK);
  ck_assert_msg(graph_refresh(graph, &chain->err) == OK, "%s", chain->err.text);
  ck_assert_msg(op_bind_graph(graph, &chain->err) == OK, "%s", chain->err.text);
  ck_assert_msg(op_infer_graph(graph, &chain->err) == OK, "%s", chain->err.text);
  Text got = {0}, wanted = {0};
  ck_assert(value->has_shape);
  shape_print(&got, &value->shape, graph);
  shape_print(&wanted, &shape, graph);
  ck_assert_str_eq(got.bytes, wanted.bytes);
  text_free(&got);
  text_free(&wanted);
  graph_free(graph);
}

/* ---- chains ---- */

/* What PyTorch writes for x.view(x.size(0), -1). */
START_TEST(view_of_size_keeps_the_batch) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 3, 8, 8));
  Value *batch = NODE(&chain, "Gather", NODE(&chain, "Shape", x), integer(&chain, 0));
  Value *first = NODE(&chain, "Unsqueeze", batch, INTEGERS(&chain, 0));
  Value *target = with_axis(&chain, NODE(&chain, "Concat", first, INTEGERS(&chain, -1)), 0);
  expect_shape(&chain, NODE(&chain, "Reshape", x, target), SHAPE(chain.batch, 192));
}
END_TEST

/* The same with a fixed size instead of -1, and the batch in a known place. */
START_TEST(view_of_fixed_size_keeps_the_batch) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 3, 8, 8));
  Value *first = NODE(&chain, "Slice", NODE(&chain, "Shape", x), INTEGERS(&chain, 0), INTEGERS(&chain, 1));
  Value *target = with_axis(&chain, NODE(&chain, "Concat", first, INTEGERS(&chain, 24, 8)), 0);
  expect_shape(&chain, NODE(&chain, "Reshape", x, target), SHAPE(chain.batch, 24, 8));
}
END_TEST

/* Channel shuffle: [N,C,H,W] to [N,2,C/2,H,W] and back with symbols for height and width too. */
START_TEST(reshape_cancels_symbols) {
  Chain chain = chain_new();
  Dim height = DIM_SYMBOL(graph_symbol(chain.graph, "H", &chain.err));
  Value *x = image(&chain, SHAPE(chain.batch, 6, height, 4));
  Value *sizes = NODE(&chain, "Shape", x);
  Value *tall = NODE(&chain, "Gather", sizes, INTEGERS(&chain, -2));
  Value *target = with_axis(
      &chain, NODE(&chain, "Concat", INTEGERS(&chain, -1), INTEGERS(&chain, 2, 3), tall, INTEGERS(&chain, 4)),
      0);
  expect_shape(&chain, NODE(&chain, "Reshape", x, target), SHAPE(chain.batch, 2, 3, height, 4));
}
END_TEST

START_TEST(reshape_minus_one_is_the_batch) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 3, 8));
  expect_shape(&chain, NODE(&chain, "Reshape", x, INTEGERS(&chain, -1, 24)), SHAPE(chain.batch, 24));
}
END_TEST

START_TEST(reshape_zero_keeps_unknown_dimensions) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(DIM_UNKNOWN, 3, 8));
  expect_shape(&chain, NODE(&chain, "Reshape", x, INTEGERS(&chain, 0, -1)), SHAPE(DIM_UNKNOWN, 24));
}
END_TEST

/* Negative numbers are no symbols, after other nodes have passed them on either. */
START_TEST(negative_constants_do_not_become_symbols) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(4, 3, 8));
  Value *target =
      NODE(&chain, "Squeeze", NODE(&chain, "Unsqueeze", INTEGERS(&chain, -1, 8), INTEGERS(&chain, 0)),
           INTEGERS(&chain, 0));
  expect_shape(&chain, NODE(&chain, "Reshape", x, target), SHAPE(12, 8));
  chain = chain_new();
  Value *passed = NODE(&chain, "Identity", INTEGERS(&chain, chain.batch));
  expect_shape(&chain, NODE(&chain, "ConstantOfShape", passed), SHAPE(DIM_UNKNOWN));
}
END_TEST

START_TEST(slice_of_shape_makes_a_constant) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 3, 8, 8));
  Value *last = NODE(&chain, "Slice", NODE(&chain, "Shape", x), INTEGERS(&chain, -2),
                     INTEGERS(&chain, INT64_MAX), INTEGERS(&chain, 0));
  expect_shape(&chain, NODE(&chain, "ConstantOfShape", last), SHAPE(8, 8));
}
END_TEST

START_TEST(expand_and_range_follow_symbols) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 5));
  Value *batch = NODE(&chain, "Gather", NODE(&chain, "Shape", x), integer(&chain, 0));
  Value *ids = NODE(&chain, "Range", integer(&chain, 0), batch, integer(&chain, 1));
  Value *column = NODE(&chain, "Unsqueeze", ids, INTEGERS(&chain, 1));
  expect_shape(&chain, NODE(&chain, "Expand", column, NODE(&chain, "Shape", x)), SHAPE(chain.batch, 5));
}
END_TEST

START_TEST(size_of_one_symbol_is_the_symbol) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(1, chain.batch, 1));
  Value *count = NODE(&chain, "Unsqueeze", NODE(&chain, "Size", x), INTEGERS(&chain, 0));
  expect_shape(&chain, NODE(&chain, "ConstantOfShape", count), SHAPE(chain.batch));
}
END_TEST

START_TEST(flatten_keeps_the_batch) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 3, 8, 8));
  expect_shape(&chain, NODE(&chain, "Flatten", x), SHAPE(chain.batch, 192));
}
END_TEST

START_TEST(slice_of_whole_axis_keeps_the_batch) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 10));
  Value *part = NODE(&chain, "Slice", x, INTEGERS(&chain, 0, 2), INTEGERS(&chain, INT32_MAX, -1));
  expect_shape(&chain, part, SHAPE(chain.batch, 7));
  chain = chain_new();
  x = image(&chain, SHAPE(chain.batch, 10));
  part = NODE(&chain, "Slice", x, INTEGERS(&chain, 0, 1), INTEGERS(&chain, 1000000000, 1000000000));
  expect_shape(&chain, part, SHAPE(chain.batch, 9));
}
END_TEST

START_TEST(concat_keeps_the_batch_and_sums_the_rest) {
  Chain chain = chain_new();
  Value *x = image(&chain, SHAPE(chain.batch, 10));
  expect_shape(&chain, with_axis(&chain, NODE(&chain, "Concat", x, x, x), 1), SHAPE(chain.batch, 30));
}
END_TEST

/* ---- what must be refused ---- */

typedef struct Refusal {
  const char *op, *inputs, *attributes, *message;
} Refusal;

static const Refusal refusals[] = {
    {"Reshape", "f32[2,3], i64{-1,-1}!", "", "-1 twice"},
    {"Reshape", "f32[2,3], i64{-2,3}!", "", "dimension of -2"},
    {"Reshape", "f32[2,3], i64{4,-1}!", "", "4 do not divide"},
    {"Reshape", "f32[2,3], i64{2,2}!", "", "6 elements cannot be reshaped to 4"},
    {"Reshape", "f32[2,3], i64{2,3,0}!", "", "is 0, but the input has only 2"},
    {"Reshape", "f32[0,3], i64{0,-1}!", "allowzero=1", "can be anything"},
    {"Reshape", "f32[2], i64{4611686018427387904,4611686018427387904}!", "", "too many elements"},
    {"Reshape", "f32[2], i64[13]{1}!", "", "has 13 dimensions"},
    {"Reshape", "f32[2], i64[1,1]{2}!", "", "2 dimensions instead of 1"},
    {"Reshape", "f32[2]", "", "'shape') is missing"},
    {"Flatten", "f32[2,3]", "axis=3", "axis 3 is outside"},
    {"Squeeze", "f32[2,3], i64{0}!", "", "has 2 elements and cannot be dropped"},
    {"Squeeze", "f32[2,1], i64{2}!", "", "axis 2 is outside"},
    {"Unsqueeze", "f32[2], i64{0,0}!", "", "given twice"},
    {"Unsqueeze", "f32[2], i64{3}!", "", "axis 3 is outside"},
    {"Unsqueeze", "f32[2], i64{0,1,2,3,4,5,6,7,8,9,10,11}!", "", "13 dimensions"},
    {"Transpose", "f32[2,3]", "perm=[0,0]", "no order of the axes"},
    {"Transpose", "f32[2,3]", "perm=[0]", "has 1 axes"},
    {"Concat", "f32[2,3], f32[3,3]", "axis=1", "axis 0 of input 1 has 3 elements"},
    {"Concat", "f32[2,3], f32[2]", "axis=0", "input 1 has 1 dimensions"},
    {"Concat", "f32[2,3], i64[2,3]", "axis=0", "input 1 is int64"},
    {"Concat", "f32[2,3]", "axis=2", "axis 2 is outside"},
    {"Concat", "f32[2,3]", "", "'axis' is required"},
    {"Split", "f32[6], i64{1,2}!", "outputs=2", "3 elements together, axis 0 has 6"},
    {"Split", "f32[6], i64{7,-1}!", "outputs=2", "size 1 of the parts is -1"},
    {"Split", "f32[6], i64{6}!", "outputs=2", "1 sizes are given for 2 outputs"},
    {"Split", "f32[7]", "outputs=2 opset=13", "do not make 2 equal parts"},
    {"Slice", "f32[6], i64{0}!, i64{2}!, i64{0}!, i64{0}!", "", "the step of axis 0 is 0"},
    {"Slice", "f32[6], i64{0}!, i64{2}!, i64{1}!", "", "axis 1 is outside"},
    {"Slice", "f32[6], i64{0,0}!, i64{2,2}!, i64{0,-1}!", "", "given twice"},
    {"Slice", "f32[6], i64{0}!, i64{2,3}!", "", "1 starts and 2 ends"},
    {"Pad", "f32[6], i64{1}!", "", "1 amounts are given for 1 axes"},
    {"Pad", "f32[6], i64{-4,-3}!", "", "cannot lose"},
    {"Pad", "f32[6], i64{9223372036854775807,9223372036854775807}!", "", "too many elements"},
    {"Pad", "f32[6], i64{4611686018427387904,0}!", "", "more than"},
    {"Pad", "f32[0], i64{1,0}!", "mode=\"edge\"", "no elements to pad with"},
    {"Pad", "f32[6], i64{1,0}!", "mode=\"sideways\"", "'mode'"},
    {"Resize", "f32[2], -, f32{nan}!", "", "the scale of axis 0 is"},
    {"Resize", "f32[2], -, f32{-1}!", "", "the scale of axis 0 is -1"},
    {"Resize", "f32[2], -, f32{1e30}!", "", "more than"},
    {"Resize", "f32[2], -, f32{1,2}!", "", "2 scales are given for 1 axes"},
    {"Resize", "f32[2], -, -, i64{-3}!", "", "the size of axis 0 is -3"},
    {"Resize", "f32[0], -, -, i64{3}!", "", "no elements to make 3 of"},
    {"Resize", "f32[2]", "", "neither scales nor sizes"},
    {"Resize", "f32[2], -, f32{1}!, i64{2}!", "", "both scales and sizes"},
    {"Resize", "f32[2], -, f32{2}!", "coordinate_transformation_mode=\"tf_crop_and_resize\"",
     "a region of 0"},
    {"Upsample", "f32[2], f32{0}!", "opset=9", "the scale of axis 0 is 0"},
    {"Upsample", "f32[2]", "scales=[1.0,2.0] opset=7", "2 scales are given for 1 axes"},
    {"Gather", "i64{1,2}!, i64{2}!", "", "index 2 is outside an axis of 2"},
    {"Gather", "f32[2], i64{0}!", "axis=1", "axis 1 is outside"},
    {"ConstantOfShape", "i64{-1}!", "", "dimension of -1"},
    {"ConstantOfShape", "i64{1048576,1048576}!", "", "more than"},
    {"ConstantOfShape", "i64{4611686018427387904,4611686018427387904}!", "", "more than"},
    {"ConstantOfShape", "i64{2}!", "value=f32[2]{1}", "has 2 elements instead of 1"},
    {"Expand", "f32[2,3], i64{2,4}!", "", "cannot be broadcast"},
    {"Expand", "f32[1], i64{-1}!", "", "dimension of -1"},
    {"Expand", "f32[1], i64{1099511627776}!", "", "more than"},
    {"Range", "i64[]{0}!, i64[]{1}!, i64[]{0}!", "", "the step is 0"},
    {"Range", "i64[]{-9223372036854775807}!, i64[]{9223372036854775807}!, i64[]{1}!", "", "more than"},
    {"Range", "f32[]{0}!, f32[]{1}!, f32[]{nan}!", "", "no list"},
    {"GatherElements", "f32[2,2], i64[3,1]{0}", "axis=1", "axis 0 of the indices has 3"},
    {"GatherND", "f32[2], i64[1,2]{0}", "", "rows of 2 indices are too long"},
    {"GatherND", "f32[2,2], i64[3,1]{0}", "batch_dims=1", "batch dimension 0 is 2 in the data, 3"},
    {"ScatterElements", "f32[3], i64{0,1}, f32[1]", "", "different shapes"},
    {"ScatterND", "f32[3], i64[1,1]{0}, f32[2]", "", "dimension 0 of the updates is 2 instead of 1"},
    {"Tile", "f32[2], i64{-1}!", "", "is to be repeated -1 times"},
    {"Tile", "f32[2], i64{4611686018427387904}!", "", "too many elements"},
    {"DepthToSpace", "f32[1,6,1,1]", "blocksize=2", "cannot be divided by 4"},
    {"DepthToSpace", "f32[1,4,1,1]", "blocksize=0", "'blocksize'"},
    {"SpaceToDepth", "f32[1,4,3,2]", "blocksize=2", "axis 2 of 3 elements cannot be divided by 2"},
    {"OneHot", "i64{0}, i64[]{0}!, f32[2]", "", "the depth is 0"},
    {"OneHot", "i64{0}, i64[]{1099511627776}!, f32[2]", "", "more than"},
    {"Trilu", "f32[2]", "", "at least 2 are needed"},
    {"TopK", "f32[2], i64{3}!", "outputs=2", "3 elements cannot be picked"},
    {"GridSample", "f32[1,1,2,2], f32[1,2,2,3]", "", "3 coordinates for 2 axes"},
    {"CumSum", "f32[2], i64[]{1}!", "", "axis 1 is outside"},
    {"Compress", "f32[2], bool[1,1]", "", "2 dimensions instead of 1"},
    {"ReverseSequence", "f32[2,2], i64{1}", "", "1 lengths are given for 2"},
    {"CenterCropPad", "f32[2], i64{-1}!", "", "the size of axis 0 is -1"},
    {"EyeLike", "f32[2]", "", "1 dimensions instead of 2"},
    {"Constant", "", "", "exactly one gives the value"},
    {"Constant", "", "value_int=1 value_float=2.0", "exactly one gives the value"},
};

static Status build_and_infer(const Refusal *refusal, SampleCase *sample, Error *err) {
  OpSample notation = {refusal->inputs, refusal->attributes};
  const Op *op = op_find("", refusal->op);
  ck_assert_ptr_nonnull(op);
  ck_assert_msg(sample_build(op, &notation, 0, sample, err) == OK, "%s", err->text);
  Status status = op_bind_graph(sample->graph, err);
  return status == OK ? op_infer_graph(sample->graph, err) : status;
}

START_TEST(misfits_are_refused) {
  const Refusal *refusal = &refusals[_i];
  Error err = {0};
  SampleCase sample;
  Status status = build_and_infer(refusal, &sample, &err);
  ck_assert_msg(status == BAD_INPUT, "%s {%s} is accepted", refusal->op, refusal->inputs);
  ck_assert_msg(strstr(err.text, refusal->message) != NULL, "%s {%s}: %s", refusal->op, refusal->inputs,
                err.text);
  ck_assert_ptr_nonnull(strstr(err.text, "node '"));
  graph_free(sample.graph);
}
END_TEST

/* The same where the content is known only when the model runs. */
static const Refusal late_refusals[] = {
    {"Reshape", "f32[2,3], i64{4,-1}", "", "4 do not divide"},
    {"Gather", "f32[3], i64{3}", "", "index 3 is outside an axis of 3"},
    {"Gather", "f32[3], i64{-4}", "", "index -4 is outside"},
    {"ConstantOfShape", "i64{1048576,1048576}", "", "more than"},
    {"Slice", "f32[6], i64{0}, i64{2}, i64{0}, i64{0}", "", "the step of axis 0 is 0"},
    {"Expand", "f32[3], i64{4}", "", "cannot be broadcast"},
    {"Resize", "f32[2], -, f32{-1}", "", "the scale of axis 0 is -1"},
    {"ScatterElements", "f32[3], i64{3}, f32[1]", "", "index 3 is outside"},
    {"CumSum", "f32[2], i64[]{5}", "", "axis 5 is outside"},
    {"ReverseSequence", "f32[2,1], i64{3}", "", "length 3 is outside a sequence of 2"},
    {"TopK", "f32[2], i64{3}", "outputs=2", "3 elements cannot be picked"},
};

START_TEST(misfits_are_refused_while_running) {
  const Refusal *refusal = &late_refusals[_i];
  Error err = {0};
  SampleCase sample;
  Status status = build_and_infer(refusal, &sample, &err);
  ck_assert_msg(status == OK, "%s", err.text);
  Arena arena = {0};
  Tensor *out[2];
  status = interpreter_run_node(sample.node, sample.inputs, out, &arena, &err);
  ck_assert_msg(status == BAD_INPUT, "%s {%s} is accepted", refusal->op, refusal->inputs);
  ck_assert_msg(strstr(err.text, refusal->message) != NULL, "%s {%s}: %s", refusal->op, refusal->inputs,
                err.text);
  arena_free(&arena);
  graph_free(sample.graph);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite_operator_shapes(void) {
  Suite *suite = suite_create("operator_shapes");
  TCase *chains = tcase_create("chains");
  tcase_add_test(chains, view_of_size_keeps_the_batch);
  tcase_add_test(chains, view_of_fixed_size_keeps_the_batch);
  tcase_add_test(chains, reshape_cancels_symbols);
  tcase_add_test(chains, reshape_minus_one_is_the_batch);
  tcase_add_test(chains, reshape_zero_keeps_unknown_dimensions);
  tcase_add_test(chains, negative_constants_do_not_become_symbols);
  tcase_add_test(chains, slice_of_shape_makes_a_constant);
  tcase_add_test(chains, expand_and_range_follow_symbols);
  tcase_add_test(chains, size_of_one_symbol_is_the_symbol);
  tcase_add_test(chains, flatten_keeps_the_batch);
  tcase_add_test(chains, slice_of_whole_axis_keeps_the_batch);
  tcase_add_test(chains, concat_keeps_the_batch_and_sums_the_rest);
  suite_add_tcase(suite, chains);
  TCase *hostile = tcase_create("hostile");
  tcase_add_loop_test(hostile, misfits_are_refused, 0, COUNT(refusals));
  tcase_add_loop_test(hostile, misfits_are_refused_while_running, 0, COUNT(late_refusals));
  suite_add_tcase(suite, hostile);
  return suite;
}
