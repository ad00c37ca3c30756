/* Quantized graphs as QDQ models: where the pairs stand, and which codes they hold. */
#include "quantize/qdq.h"
#include "operators/op.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <math.h>

Suite *suite_qdq(void);

static void set_spec(Graph *graph, Value *value, QuantSpec spec, float scale) {
  Error err = {0};
  QuantSpec *copy = arena_new(&graph->arena, 1, sizeof *copy, &err);
  float *scales =
      arena_new(&graph->arena, spec.scale_count > 0 ? (size_t)spec.scale_count : 1, sizeof(float), &err);
  ck_assert(copy != NULL && scales != NULL);
  for (int64_t i = 0; i < spec.scale_count; i++) scales[i] = scale * (float)(i + 1);
  *copy = spec;
  copy->scales = scales;
  value->spec = copy;
}

static QuantSpec activation(int32_t zero_point) {
  return (QuantSpec){.kind = QUANT_INTEGER,
                     .bits = 8,
                     .axis = -1,
                     .scale_count = 1,
                     .zero_point = zero_point,
                     .low = -1,
                     .high = 1};
}

static const QuantSpec internal = {.kind = QUANT_INTERNAL, .axis = -1};
static const QuantSpec attribute = {.kind = QUANT_FLOAT, .axis = -1, .reason = "read"};

/* x -> Conv(w, b) -> c -> Clip(0, 6) -> y, quantized. */
typedef struct Case {
  Maker maker;
  Value *x, *w, *b, *c, *y;
} Case;

static Case clipped_conv(float output_scale, int32_t output_zero) {
  Case s = {.maker = maker_new(13)};
  Maker *m = &s.maker;
  Graph *graph = m->graph;
  s.x = make_input(m, "x", SHAPE(1, 2, 4, 4));
  s.w = make_constant(m, "w", SHAPE(3, 2, 1, 1));
  s.b = make_constant(m, "b", SHAPE(3));
  s.c = make_node(m, "Conv", "c", (Value *[]){s.x, s.w, s.b}, 3);
  Value *low = make_number(m, "low", 0), *high = make_number(m, "high", 6);
  s.y = make_node(m, "Clip", "y", (Value *[]){s.c, low, high}, 3);
  make_output(m, s.y);
  maker_finish(m);
  QuantSpec weight = {.kind = QUANT_INTEGER, .bits = 8, .axis = 0, .scale_count = 3};
  set_spec(graph, s.x, activation(-10), 0.02f);
  set_spec(graph, s.w, weight, 0.012f);
  set_spec(graph, s.b, (QuantSpec){.kind = QUANT_INTEGER, .bits = 32, .axis = -1}, 0);
  set_spec(graph, s.c, internal, 0);
  set_spec(graph, low, attribute, 0);
  set_spec(graph, high, attribute, 0);
  set_spec(graph, s.y, activation(output_zero), output_scale);
  return s;
}

static Graph *convert(const Graph *graph, QdqWeights weights) {
  Error err = {0};
  Graph *qdq;
  ck_assert_msg(qdq_make(graph, weights, &qdq, &err) == OK, "%s", err.text);
  ck_assert_msg(op_bind_graph(qdq, &err) == OK, "%s", err.text);
  ck_assert_msg(op_infer_graph(qdq, &err) == OK, "%s", err.text);
  return qdq;
}

static const Tensor *constant_of(const Graph *graph, const char *name) {
  const Value *value = graph_find_value(graph, name);
  ck_assert_msg(value != NULL && value->constant != NULL, "there is no constant '%s'", name);
  return value->constant;
}

/* ---- where pairs stand ---- */

START_TEST(pairs_stand_around_what_is_one_instruction) {
  Case s = clipped_conv(0.05f, -100);
  Graph *qdq = convert(s.maker.graph, QDQ_WEIGHTS_INT8);
  ck_assert_int_eq(graph_count(qdq, "QuantizeLinear"), 2);
  ck_assert_int_eq(graph_count(qdq, "DequantizeLinear"), 4); /* x, y, weight, bias */
  const Node *last = qdq->outputs[0]->producer;
  ck_assert_str_eq(qdq->outputs[0]->name, "y");
  ck_assert(node_is(last, "DequantizeLinear"));
  const Node *clip = last->inputs[0]->producer->inputs[0]->producer;
  ck_assert(node_is(clip, "Clip"));
  ck_assert(node_is(clip->inputs[0]->producer, "Conv"));
  graph_free(qdq);
  graph_free(s.maker.graph);
}
END_TEST

START_TEST(a_clamp_that_saturation_does_is_left_out) {
  Case s = clipped_conv(6.0f / 255.0f, -128);
  Graph *qdq = convert(s.maker.graph, QDQ_WEIGHTS_INT8);
  ck_assert_int_eq(graph_count(qdq, "Clip"), 0);
  ck_assert_str_eq(qdq->outputs[0]->name, "y");
  ck_assert(node_is(qdq->outputs[0]->producer->inputs[0]->producer->inputs[0]->producer, "Conv"));
  graph_free(qdq);
  graph_free(s.maker.graph);
}
END_TEST

START_TEST(wide_outputs_stay_float) {
  Case s = clipped_conv(0.001f, 0);
  QuantSpec wide = activation(0);
  wide.bits = 16;
  set_spec(s.maker.graph, s.y, wide, 0.001f);
  Graph *qdq = convert(s.maker.graph, QDQ_WEIGHTS_INT8);
  ck_assert_int_eq(graph_count(qdq, "QuantizeLinear"), 1);
  ck_assert(node_is(qdq->outputs[0]->producer, "Clip"));
  graph_free(qdq);
  graph_free(s.maker.graph);
}
END_TEST

START_TEST(control_flow_is_refused) {
  Error err = {0};
  Graph *qdq;
  Case s = clipped_conv(0.05f, 0);
  Attribute body = {.name = "then_branch", .kind = ATTRIBUTE_GRAPH, .graph = graph_new(&err)};
  s.c->producer->attributes = &body;
  s.c->producer->attribute_count = 1;
  ck_assert_int_eq(qdq_make(s.maker.graph, QDQ_WEIGHTS_INT8, &qdq, &err), UNSUPPORTED);
  ck_assert_ptr_null(qdq);
  graph_free(s.maker.graph);
}
END_TEST

/* ---- codes ---- */

START_TEST(parameters_are_those_of_the_specs) {
  Case s = clipped_conv(0.05f, -100);
  Graph *qdq = convert(s.maker.graph, QDQ_WEIGHTS_INT8);
  ck_assert_float_eq((float)tensor_get(constant_of(qdq, "x_scale"), 0), 0.02f);
  ck_assert_int_eq(constant_of(qdq, "x_zero_point")->type, ELEMENT_UINT8);
  ck_assert_int_eq(tensor_get_integer(constant_of(qdq, "x_zero_point"), 0), 118);
  const Tensor *codes = constant_of(qdq, "w_quantized"), *bias = constant_of(qdq, "b_quantized");
  ck_assert_int_eq(codes->type, ELEMENT_INT8);
  ck_assert_int_eq(bias->type, ELEMENT_INT32);
  for (int c = 0; c < 3; c++) {
    double scale = (double)(0.012f * (float)(c + 1));
    for (int i = 0; i < 2; i++) {
      double exact = tensor_get(s.w->constant, c * 2 + i) / scale;
      ck_assert_int_eq(tensor_get_integer(codes, c * 2 + i), (int64_t)rint(fmin(exact, 127)));
    }
    double unit = (double)(0.02f * (0.012f * (float)(c + 1)));
    ck_assert_double_eq_tol(tensor_get(constant_of(qdq, "b_scale"), c), unit, 1e-12);
    ck_assert_int_eq(tensor_get_integer(bias, c), (int64_t)rint(tensor_get(s.b->constant, c) / unit));
  }
  ck_assert_int_eq(node_int(graph_find_value(qdq, "w_dequantized")->producer, "axis", -1), 0);
  graph_free(qdq);
  graph_free(s.maker.graph);
}
END_TEST

/* However weights are stored, they mean the same. */
START_TEST(both_types_of_weights_compute_the_same) {
  Case s = clipped_conv(0.05f, -100);
  Arena arena = {0};
  Graph *narrow = convert(s.maker.graph, QDQ_WEIGHTS_INT8), *own = convert(s.maker.graph, QDQ_WEIGHTS_UINT8);
  ck_assert_int_eq(constant_of(own, "w_quantized")->type, ELEMENT_UINT8);
  ck_assert_int_eq(tensor_get_integer(constant_of(own, "w_zero_point"), 2), 128);
  const Tensor *a = graph_compute(narrow, 0, &arena), *b = graph_compute(own, 0, &arena);
  const Tensor *real = graph_compute(s.maker.graph, 0, &arena);
  for (int64_t i = 0; i < tensor_elements(a); i++) {
    ck_assert_float_eq((float)tensor_get(a, i), (float)tensor_get(b, i));
    /* half a step of the output, and the rounding of 2 inputs and weights of up to 1.5 and 2 */
    ck_assert_double_le(fabs(tensor_get(a, i) - tensor_get(real, i)), 0.025 + 2 * (0.01 * 1.5 + 0.018 * 2));
  }
  arena_free(&arena);
  graph_free(own);
  graph_free(narrow);
  graph_free(s.maker.graph);
}
END_TEST

/* Two products with codes of activations stay below 2^15; the scale makes up for it. */
START_TEST(short_codes_are_coarser) {
  Case s = clipped_conv(0.05f, -100);
  Arena arena = {0};
  Graph *qdq = convert(s.maker.graph, QDQ_WEIGHTS_INT7);
  const Tensor *codes = constant_of(qdq, "w_quantized"), *scales = constant_of(qdq, "w_scale");
  ck_assert_int_eq(codes->type, ELEMENT_INT8);
  ck_assert_float_eq_tol((float)tensor_get(scales, 0), 0.012f * 127 / 64, 1e-8f);
  for (int64_t i = 0; i < tensor_elements(codes); i++) ck_assert_int_le(tensor_get_integer(codes, i), 64);
  const Tensor *a = graph_compute(qdq, 0, &arena), *real = graph_compute(s.maker.graph, 0, &arena);
  for (int64_t i = 0; i < tensor_elements(a); i++)
    ck_assert_double_le(fabs(tensor_get(a, i) - tensor_get(real, i)), 0.025 + 2 * (0.01 * 1.5 + 0.036 * 2));
  arena_free(&arena);
  graph_free(qdq);
  graph_free(s.maker.graph);
}
END_TEST

/* x [1,32] -> MatMul with [32,3] -> y; 4 bits, with or without groups of 16. */
static void check_4_bits(int64_t group_size) {
  Arena arena = {0};
  Maker m = maker_new(13);
  Value *x = make_input(&m, "x", SHAPE(1, 32)), *w = make_constant(&m, "w", SHAPE(32, 3));
  Value *y = make_node(&m, "MatMul", "y", (Value *[]){x, w}, 2);
  make_output(&m, y);
  maker_finish(&m);
  uint8_t factors[6] = {1, 2, 3, 4, 5, 6};
  QuantSpec weight = {.kind = QUANT_INTEGER, .bits = 4, .axis = 1, .scale_count = 3};
  weight.group_size = group_size;
  weight.factors = group_size > 0 ? factors : NULL;
  set_spec(m.graph, x, activation(-10), 0.02f);
  set_spec(m.graph, w, weight, 0.06f);
  set_spec(m.graph, y, activation(0), 0.4f);
  Graph *qdq = convert(m.graph, QDQ_WEIGHTS_UINT8);
  const Node *reader = graph_find_value(qdq, "w_dequantized")->producer;
  const Tensor *codes = constant_of(qdq, "w_quantized"), *scales = constant_of(qdq, "w_scale");
  ck_assert_int_eq(codes->type, ELEMENT_INT4);
  ck_assert_int_eq(reader->opset, 21);
  ck_assert_int_eq(node_int(reader, "block_size", 0), group_size);
  ck_assert_int_eq(node_int(reader, "axis", -1), group_size > 0 ? 0 : 1);
  ck_assert_int_eq(tensor_elements(scales), group_size > 0 ? 6 : 3);
  for (int64_t i = 0; i < tensor_elements(codes); i++) {
    double code = rint(tensor_get(w->constant, i) / quant_step(w->spec, &w->shape, i));
    ck_assert_int_eq(tensor_get_integer(codes, i), (int64_t)fmin(code, 7));
  }
  ck_assert_ptr_nonnull(graph_compute(qdq, 0, &arena));
  arena_free(&arena);
  graph_free(qdq);
  graph_free(m.graph);
}

START_TEST(weights_of_4_bits) {
  check_4_bits(0);
  check_4_bits(16);
}
END_TEST

Suite *suite_qdq(void) {
  Suite *suite = suite_create("qdq");
  TCase *tests = tcase_create("qdq");
  tcase_add_test(tests, pairs_stand_around_what_is_one_instruction);
  tcase_add_test(tests, a_clamp_that_saturation_does_is_left_out);
  tcase_add_test(tests, wide_outputs_stay_float);
  tcase_add_test(tests, control_flow_is_refused);
  tcase_add_test(tests, parameters_are_those_of_the_specs);
  tcase_add_test(tests, short_codes_are_coarser);
  tcase_add_test(tests, weights_of_4_bits);
  tcase_add_test(tests, both_types_of_weights_compute_the_same);
  suite_add_tcase(suite, tests);
  return suite;
}
