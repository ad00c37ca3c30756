#include "tests/support/qop_case.h"

#include <check.h>

Maker qop_case_begin(int64_t opset) {
  Error err = {0};
  Maker maker = maker_new(opset);
  Opset *opsets = arena_new(&maker.graph->arena, 2, sizeof *opsets, &err);
  ck_assert_ptr_nonnull(opsets);
  opsets[0] = maker.graph->opsets[0];
  opsets[1] = (Opset){.domain = "com.microsoft", .version = 1};
  maker.graph->opsets = opsets;
  maker.graph->opset_count = 2;
  return maker;
}

static Tensor *new_tensor(Maker *maker, ElementType type, Shape shape) {
  Error err = {0};
  Tensor *tensor = tensor_new(&maker->graph->arena, type, &shape, &err);
  ck_assert_ptr_nonnull(tensor);
  return tensor;
}

static Value *add_constant(Maker *maker, const char *name, const Tensor *tensor) {
  Error err = {0};
  Value *value = graph_add_constant(maker->graph, name, tensor, &err);
  ck_assert_ptr_nonnull(value);
  return value;
}

Value *qop_case_integers(Maker *maker, const char *name, ElementType type, Shape shape, const int *numbers) {
  Tensor *tensor = new_tensor(maker, type, shape);
  for (int64_t i = 0; i < tensor_elements(tensor); i++) tensor_set_integer(tensor, i, numbers[i]);
  return add_constant(maker, name, tensor);
}

Value *qop_case_codes(Maker *maker, const char *name, ElementType type, Shape shape, int least, int most) {
  Tensor *tensor = new_tensor(maker, type, shape);
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    tensor_set_integer(tensor, i, least + (int64_t)((most - least + 1) * random_unit(&maker->random)));
  return add_constant(maker, name, tensor);
}

Value *qop_case_floats(Maker *maker, const char *name, int64_t count, float first, float step) {
  Tensor *tensor = new_tensor(maker, ELEMENT_FLOAT32, SHAPE(count));
  for (int64_t i = 0; i < count; i++) tensor_set(tensor, i, (double)(first + step * (float)i));
  return add_constant(maker, name, tensor);
}

Value *qop_case_node(Maker *maker, const char *type, const char *output, Value *const *inputs, int count) {
  Value *value = make_node(maker, type, output, inputs, count);
  value->producer->domain = "com.microsoft";
  return value;
}

/* A scale and a uint8 zero point. */
typedef struct Step {
  Value *scale, *zero;
} Step;

static Step step_of(Maker *m, const char *name, float scale, int zero) {
  Error err = {0};
  const char *zero_name = arena_format(&m->graph->arena, &err, "%s_zero", name);
  const char *scale_name = arena_format(&m->graph->arena, &err, "%s_scale", name);
  ck_assert(zero_name != NULL && scale_name != NULL);
  return (Step){make_number(m, scale_name, scale),
                qop_case_integers(m, zero_name, ELEMENT_UINT8, SHAPE_SCALAR, &zero)};
}

static void set_ints(Maker *m, const Value *of, const char *name, const int64_t *ints, size_t count) {
  Error err = {0};
  ck_assert_int_eq(node_set_ints(m->graph, of->producer, name, ints, count, &err), OK);
}

static void set_int(Maker *m, const Value *of, const char *name, int64_t number) {
  Error err = {0};
  ck_assert_int_eq(node_set_int(m->graph, of->producer, name, number, &err), OK);
}

/* Codes of a convolution with weights around 120, per channel. */
static Value *conv(Maker *m, Value *x, Step in, Step out) {
  Value *weight = qop_case_codes(m, "w", ELEMENT_UINT8, SHAPE(4, 4, 3, 3), 0, 240);
  Value *scales = qop_case_floats(m, "w_scale", 4, 0.004f, 0.001f);
  Value *zeros = qop_case_integers(m, "w_zero", ELEMENT_UINT8, SHAPE(4), (int[]){120, 120, 120, 113});
  Value *bias = qop_case_codes(m, "b", ELEMENT_INT32, SHAPE(4), -900, 900);
  Value *y =
      make_node(m, "QLinearConv", "conv_codes",
                (Value *[]){x, in.scale, in.zero, weight, scales, zeros, out.scale, out.zero, bias}, 9);
  set_ints(m, y, "pads", (int64_t[]){1, 1, 1, 1}, 4);
  return y;
}

static Value *unary(Maker *m, const char *type, const char *name, Value *x, Step in, Step out) {
  return qop_case_node(m, type, name, (Value *[]){x, in.scale, in.zero, out.scale, out.zero}, 5);
}

static Value *pair(Maker *m, const char *type, const char *name, Value *a, Step in_a, Value *b, Step in_b,
                   Step out) {
  return qop_case_node(
      m, type, name, (Value *[]){a, in_a.scale, in_a.zero, b, in_b.scale, in_b.zero, out.scale, out.zero}, 8);
}

/* [1,8,4,4] codes -> [1,3] codes. */
static Value *head(Maker *m, Value *x, Step in, Step out) {
  Step mean = step_of(m, "mean", 0.02f, 100), score = step_of(m, "score", 0.04f, 130);
  Value *w = qop_case_codes(m, "gemm_w", ELEMENT_INT8, SHAPE(5, 8), -127, 127);
  Value *w_scale = qop_case_floats(m, "gemm_w_scale", 5, 0.01f, 0.002f);
  Value *w_zero = qop_case_integers(m, "gemm_w_zero", ELEMENT_INT8, SHAPE(5), (int[5]){0});
  Value *bias = qop_case_codes(m, "gemm_b", ELEMENT_INT32, SHAPE(5), -500, 500);
  Value *v = qop_case_codes(m, "matmul_w", ELEMENT_INT8, SHAPE(5, 3), -127, 127);
  Value *v_zero = qop_case_integers(m, "matmul_w_zero", ELEMENT_INT8, SHAPE_SCALAR, (int[]){0});
  x = unary(m, "QLinearGlobalAveragePool", "mean_codes", x, in, mean);
  x = make_node(m, "Flatten", "flat_codes", &x, 1);
  x = qop_case_node(m, "QGemm", "gemm_codes",
                    (Value *[]){x, mean.scale, mean.zero, w, w_scale, w_zero, bias, score.scale, score.zero},
                    9);
  set_int(m, x, "transB", 1);
  return make_node(m, "QLinearMatMul", "matmul_codes",
                   (Value *[]){x, score.scale, score.zero, v, make_number(m, "matmul_w_scale", 0.02f), v_zero,
                               out.scale, out.zero},
                   8);
}

Graph *qop_case_net(void) {
  Maker maker = qop_case_begin(13), *m = &maker;
  Step in = step_of(m, "in", 0.02f, 128), one = step_of(m, "one", 0.03f, 100);
  Step gate = step_of(m, "gate", 0.00390625f, 0), two = step_of(m, "two", 0.025f, 110);
  Step all = step_of(m, "all", 0.05f, 90), out = step_of(m, "out", (float)QOP_CASE_STEP, 128);
  Value *x = make_input(m, "x", SHAPE(1, 4, 8, 8));
  x = make_node(m, "QuantizeLinear", "x_codes", (Value *[]){x, in.scale, in.zero}, 3);
  x = conv(m, x, in, one);
  x = make_node(m, "MaxPool", "pooled_codes", &x, 1);
  set_ints(m, x, "kernel_shape", (int64_t[]){2, 2}, 2);
  set_ints(m, x, "strides", (int64_t[]){2, 2}, 2);
  Value *y = unary(m, "QLinearSigmoid", "gate_codes", x, one, gate);
  y = pair(m, "QLinearMul", "mul_codes", x, one, y, gate, two);
  Value *z = pair(m, "QLinearAdd", "add_codes", x, one, y, two, all);
  y = qop_case_node(m, "QLinearConcat", "concat_codes",
                    (Value *[]){all.scale, all.zero, y, two.scale, two.zero, z, all.scale, all.zero}, 8);
  set_int(m, y, "axis", 1);
  y = unary(m, "QLinearAveragePool", "average_codes", y, all, all);
  set_ints(m, y, "kernel_shape", (int64_t[]){2, 2}, 2);
  y = unary(m, "QLinearLeakyRelu", "leaky_codes", y, all, two);
  y = head(m, y, two, out);
  make_output(m, make_node(m, "DequantizeLinear", "y", (Value *[]){y, out.scale, out.zero}, 3));
  maker_finish(m);
  return maker.graph;
}
