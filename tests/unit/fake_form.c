/* The form that is trained rounds as the program does that is made of its scales and weights. */
#include "quantize/fake_form.h"
#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_fake_form(void);

#define WEIGHTS (NET_CHANNELS * NET_CHANNELS * 9)

static NetCase c;
static FakeForm form;

static void begin(void) {
  net_case_begin(&c);
  form = (FakeForm){0};
}

static void end(void) {
  fake_form_free(&form);
  net_case_free(&c);
}

/* Changes every ratio, and all other constants that would be trained a little: what training might do. */
static void train(void) {
  Random random = {.state = 7};
  for (int v = 0; v < form.graph->value_count; v++) {
    Value *value = form.graph->values[v];
    bool is_ratio = strstr(value->name, "_ratio") != NULL, is_step = strstr(value->name, "_step") != NULL;
    if (value->constant == NULL || value->constant->type != ELEMENT_FLOAT32 || is_step) continue;
    const Tensor *from = value->constant;
    Tensor *to = tensor_new(&form.graph->arena, from->type, &from->shape, &c.err);
    for (int64_t i = 0; i < tensor_elements(from); i++)
      tensor_set(to, i, tensor_get(from, i) * (is_ratio ? 0.7 + 0.4 * random_unit(&random) : 1.1));
    value->constant = to;
  }
}

static const Graph *trained(NetCase *net, const QuantizeOptions *options) {
  ck_assert_msg(fake_form_make(&form, net->graph, options, &net->err) == OK, "%s", net->err.text);
  train();
  ck_assert_msg(fake_form_take(&form, net->graph, options, &net->err) == OK, "%s", net->err.text);
  return form.graph;
}

static Value *conv(Value *x, uint64_t seed) {
  return net_case_conv(&c, x, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, seed, 0.2f),
                       net_case_noise(&c, NET_CHANNELS, seed + 1, 0.1f));
}

static void set_ints(Value *result, const char *name, int64_t a, int64_t b) {
  ck_assert_int_eq(node_set_ints(c.graph, result->producer, name, (int64_t[]){a, b}, 2, &c.err), OK);
}

/* Relu inside an instruction, a table, a sum, values that share a scale, a matrix that has groups. */
static Value *net(void) {
  Shape matrix = SHAPE(2 * NET_CHANNELS * NET_SIDE * NET_SIDE, 5);
  Value *y = net_case_node(&c, "Relu", conv(c.input, 1));
  y = net_case_node(&c, "HardSwish", conv(y, 3));
  y = net_case_pair(&c, "Add", y, conv(c.input, 5));
  y = net_case_pair(&c, "Concat", y, net_case_node(&c, "Sigmoid", conv(c.input, 7)));
  ck_assert_int_eq(node_set_int(c.graph, y->producer, "axis", 2, &c.err), OK);
  y = net_case_node(&c, "Flatten", conv(y, 9));
  const float *weights = net_case_noise(&c, shape_elements(&matrix), 11, 0.1f);
  return net_case_pair(&c, "MatMul", y, net_case_constant(&c, &matrix, weights));
}

static const struct {
  int bits, group;
  bool narrow_outputs;
} schemes[] = {{8, 0, false}, {8, 0, true}, {4, 0, false}, {4, 16, false}};

START_TEST(written_as_trained) {
  QuantizeOptions options = quantize_defaults();
  options.weight_bits = schemes[_i].bits;
  options.group_size = schemes[_i].group;
  options.output_8bit = options.sums_8bit = schemes[_i].narrow_outputs;
  c.after = trained;
  Status status = net_case_quantize(&c, net(), options);
  ck_assert_msg(status == OK, "%s", c.err.text);
  ck_assert_int_eq(c.report.float_nodes, 0);
  /* What is left are biases of 32 bits and codes that are halves. The float net is 15 to 35 dB away. */
  ck_assert_msg(c.comparison.sqnr > 42, "SQNR %.1f dB", c.comparison.sqnr);
  const Node *last = c.graph->outputs[0]->producer;
  ck_assert_int_eq(last->inputs[1]->spec->group_size, schemes[_i].group);
}
END_TEST

/* A bias whose code would leave 32 bits at the scales that were learned: they are raised. */
START_TEST(learned_scales_leave_room_for_sums) {
  float bias[NET_CHANNELS] = {3000, -2000, 1000, 1};
  c.after = trained;
  Value *y = net_case_conv(&c, c.input, NET_CHANNELS, 3, net_case_noise(&c, WEIGHTS, 1, 1e-7f), bias);
  Status status = net_case_quantize(&c, y, quantize_defaults());
  ck_assert_msg(status == OK, "%s", c.err.text);
  const Node *node = c.graph->nodes[0];
  const QuantSpec *x = node->inputs[0]->spec, *w = node->inputs[1]->spec;
  for (int i = 0; i < NET_CHANNELS; i++)
    ck_assert_double_le(fabs((double)bias[i]) / ((double)x->scales[0] * (double)w->scales[i]), 0x1.001p30);
}
END_TEST

/* What is not rounded in integers is not rounded in the form, and what is, is once. */
START_TEST(each_place_is_rounded_once) {
  c.after = trained;
  Value *y = net_case_node(&c, "MaxPool", net_case_node(&c, "Relu", conv(c.input, 1)));
  set_ints(y, "kernel_shape", 2, 2);
  Status status = net_case_quantize(&c, conv(y, 3), quantize_defaults());
  ck_assert_msg(status == OK, "%s", c.err.text);
  int places = 0;
  for (int n = 0; n < form.graph->node_count; n++)
    places += strcmp(form.graph->nodes[n]->type, "FakeQuantize") == 0;
  ck_assert_int_eq(places, 4); /* the input, the Relu's result, two weights; no clamp, no pool, no output */
}
END_TEST

Suite *suite_fake_form(void) {
  Suite *suite = suite_create("fake_form");
  TCase *forms = tcase_create("forms");
  tcase_add_checked_fixture(forms, begin, end);
  tcase_add_loop_test(forms, written_as_trained, 0, (int)(sizeof schemes / sizeof *schemes));
  tcase_add_test(forms, learned_scales_leave_room_for_sums);
  tcase_add_test(forms, each_place_is_rounded_once);
  suite_add_tcase(suite, forms);
  return suite;
}
