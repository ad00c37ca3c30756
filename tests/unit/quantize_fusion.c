/* Convolution, BatchNormalization and activation, written apart or as one, give the same program. */
#include "interpreter/fold.h"
#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_quantize_fusion(void);

#define CHANNELS NET_CHANNELS
#define KERNEL 9
#define EPSILON 1e-5f

/* The parameters of both forms. */
typedef struct Layer {
  float *weights; /* [CHANNELS, CHANNELS, 3, 3] */
  float gamma[CHANNELS], beta[CHANNELS], mean[CHANNELS], variance[CHANNELS];
} Layer;

static Layer layer_of(NetCase *c) {
  Layer layer = {.weights = net_case_noise(c, CHANNELS * CHANNELS * KERNEL, 1, 0.2f)};
  for (int i = 0; i < CHANNELS; i++) {
    layer.gamma[i] = 0.8f + 0.1f * (float)i;
    layer.beta[i] = 0.3f - 0.2f * (float)i;
    layer.mean[i] = 0.05f * (float)i;
    layer.variance[i] = 0.5f + 0.25f * (float)i;
  }
  return layer;
}

/* A node whose output has a name of its own, so that both forms name what remains alike. */
static Value *named(NetCase *c, const char *name, const char *type, Value *const *inputs, int count) {
  Value *y = graph_add_value(c->graph, name, &c->err);
  ck_assert_ptr_nonnull(graph_add_node(c->graph, name, "", type, inputs, count, &y, 1, &c->err));
  return y;
}

static Value *scalar(NetCase *c, float value) {
  Shape shape = {0};
  return net_case_constant(c, &shape, &value);
}

static Value *convolve(NetCase *c, const char *name, const float *weights, const float *bias) {
  Shape shape = SHAPE(CHANNELS, CHANNELS, 3, 3), vector = SHAPE(CHANNELS);
  Value *inputs[3] = {c->input, net_case_constant(c, &shape, weights)};
  if (bias != NULL) inputs[2] = net_case_constant(c, &vector, bias);
  Value *y = named(c, name, "Conv", inputs, bias != NULL ? 3 : 2);
  int64_t pads[4] = {1, 1, 1, 1};
  ck_assert_int_eq(node_set_ints(c->graph, y->producer, "pads", pads, 4, &c->err), OK);
  return y;
}

static Value *apart(NetCase *c) {
  Layer layer = layer_of(c);
  Shape vector = SHAPE(CHANNELS);
  Value *inputs[5] = {convolve(c, "conv", layer.weights, NULL), net_case_constant(c, &vector, layer.gamma),
                      net_case_constant(c, &vector, layer.beta), net_case_constant(c, &vector, layer.mean),
                      net_case_constant(c, &vector, layer.variance)};
  Value *norm = named(c, "norm", "BatchNormalization", inputs, 5);
  ck_assert_int_eq(node_set_float(c->graph, norm->producer, "epsilon", (double)EPSILON, &c->err), OK);
  return norm;
}

static Value *as_one(NetCase *c) {
  Layer layer = layer_of(c);
  float bias[CHANNELS];
  for (int o = 0; o < CHANNELS; o++) {
    double scale = (double)layer.gamma[o] / sqrt((double)layer.variance[o] + (double)EPSILON);
    bias[o] = (float)((double)layer.beta[o] - (double)layer.mean[o] * scale);
    for (int i = 0; i < CHANNELS * KERNEL; i++) {
      float *w = &layer.weights[o * CHANNELS * KERNEL + i];
      *w = (float)((double)*w * scale);
    }
  }
  return convolve(c, "norm", layer.weights, bias);
}

/* x * clip(x + 3, 0, 6) / 6 */
static Value *hard_swish_apart(NetCase *c, Value *x) {
  Value *moved = named(c, "moved", "Add", (Value *[]){x, scalar(c, 3)}, 2);
  Value *gate = named(c, "gate", "Clip", (Value *[]){moved, scalar(c, 0), scalar(c, 6)}, 3);
  Value *product = named(c, "product", "Mul", (Value *[]){x, gate}, 2);
  return named(c, "activation", "Div", (Value *[]){product, scalar(c, 6)}, 2);
}

static Value *relu6_as_clip(NetCase *c, Value *x) {
  return named(c, "activation", "Clip", (Value *[]){x, scalar(c, 0), scalar(c, 6)}, 3);
}

static Value *hard_swish(NetCase *c, Value *x) {
  return named(c, "activation", "HardSwish", &x, 1);
}

static void clean(NetCase *c, Value *y) {
  PassReport report;
  ck_assert_int_eq(graph_add_output(c->graph, y, &c->err), OK);
  ck_assert_int_eq(graph_refresh(c->graph, &c->err), OK);
  ck_assert_msg(op_bind_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  ck_assert_msg(op_infer_graph(c->graph, &c->err) == OK, "%s", c->err.text);
  ck_assert_msg(passes_run(c->graph, &interpreter_pass_hooks, &report, &c->err) == OK, "%s", c->err.text);
  c->graph->output_count = 0; /* net_case_quantize() adds it again */
}

typedef Value *(*Build)(NetCase *c);
typedef Value *(*Activation)(NetCase *c, Value *x);

static void quantize_form(NetCase *c, Build build, Activation activation) {
  net_case_begin(c);
  Value *y = activation(c, build(c));
  clean(c, y);
  Status status = net_case_quantize(c, graph_find_value(c->graph, "activation"), quantize_defaults());
  ck_assert_msg(status == OK, "%s", c->err.text);
}

static void same_file(Build build, Activation activation, Build other_build, Activation other_activation) {
  NetCase one, other;
  quantize_form(&one, build, activation);
  quantize_form(&other, other_build, other_activation);
  ck_assert_uint_eq(one.size, other.size);
  ck_assert_mem_eq(one.bytes, other.bytes, one.size);
  net_case_free(&one);
  net_case_free(&other);
}

START_TEST(batch_normalization) {
  same_file(apart, relu6_as_clip, as_one, relu6_as_clip);
}
END_TEST

START_TEST(batch_normalization_and_hard_swish) {
  same_file(apart, hard_swish_apart, as_one, hard_swish);
}
END_TEST

Suite *suite_quantize_fusion(void) {
  Suite *suite = suite_create("quantize_fusion");
  TCase *tests = tcase_create("fusion");
  tcase_add_test(tests, batch_normalization);
  tcase_add_test(tests, batch_normalization_and_hard_swish);
  suite_add_tcase(suite, tests);
  return suite;
}
