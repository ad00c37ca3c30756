/* 4-bit weights whose groups have factors: which weight belongs to which group, and whole networks. */
#include "quantize/weight_clip.h"
#include "quantize/weight_groups.h"
#include "tests/support/net_case.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

Suite *suite_quantize_groups(void);

#define DEEP 64 /* channels that are summed over */
#define OUT 8

static NetCase c;

static void begin(void) {
  net_case_begin(&c);
}

static void end(void) {
  net_case_free(&c);
}

/* ---- which weight belongs to which group ---- */

typedef struct Form {
  const char *op;
  Shape shape;
  int channel_axis;
  int64_t wanted, size; /* size of groups asked for and given */
} Form;

static const Form forms[] = {{"Conv", {4, {3, 32, 2, 3}}, 0, 32, 32},
                             {"Conv", {4, {3, 64, 1, 1}}, 0, 32, 32},
                             {"Conv", {4, {2, 48, 3, 1}}, 0, 32, 16},
                             {"Conv", {4, {5, 24, 3, 3}}, 0, 32, 0},
                             {"Gemm", {2, {64, 7}}, 1, 32, 32},
                             {"Gemm", {2, {7, 784}}, 0, 128, 112},
                             {"MatMul", {2, {96, 5}}, 1, 64, 48},
                             {"Conv", {4, {1, 128, 1, 1}}, 0, 128, 128},
                             {"ConvTranspose", {4, {64, 5, 2, 3}}, 1, 32, 32}};

START_TEST(weights_and_their_groups) {
  const Form *form = &forms[_i];
  int64_t count = shape_elements(&form->shape), outputs = form->shape.dims[form->channel_axis];
  float *numbers = net_case_noise(&c, count, 1, 1), *row = net_case_noise(&c, count, 1, 1);
  float *channel = net_case_noise(&c, count, 1, 1);
  uint8_t *factors = arena_new(&c.graph->arena, (size_t)count, 1, &c.err);
  float *scales = net_case_noise(&c, outputs, 1, 1);
  for (int64_t i = 0; i < count; i++) numbers[i] = (float)i;
  for (int64_t i = 0; i < count; i++) factors[i] = (uint8_t)(1 + i * 7 % 255);
  for (int64_t i = 0; i < outputs; i++) scales[i] = (float)(1 + i);
  Value *weight = net_case_constant(&c, &form->shape, numbers);
  net_case_pair(&c, form->op, c.input, weight);
  ck_assert_int_eq(graph_refresh(c.graph, &c.err), OK);
  WeightGroups groups = weight_groups_of(weight, form->channel_axis, form->wanted);
  ck_assert_int_eq(groups.size, form->size);
  if (groups.size == 0) return;
  QuantSpec spec = {.kind = QUANT_INTEGER,
                    .bits = 4,
                    .axis = form->channel_axis,
                    .scale_count = outputs,
                    .scales = scales,
                    .group_axis = groups.axis,
                    .group_size = groups.size,
                    .factors = factors};
  ck_assert_int_eq(quant_groups(&spec, &form->shape), groups.count);
  ck_assert_int_eq(groups.count * groups.size * outputs, count);
  for (int64_t o = 0; o < outputs; o++) {
    float *at = channel;
    for (int64_t i = 0; i < count; i++) {
      int64_t behind = shape_product(&form->shape, form->channel_axis + 1, form->shape.rank);
      if (i / behind % outputs == o) *at++ = numbers[i];
    }
    weight_groups_order(&groups, channel, row);
    for (int64_t k = 0; k < groups.count * groups.size; k++) {
      double expected = (double)scales[o] * factors[o * groups.count + k / groups.size];
      ck_assert_double_eq(quant_step(&spec, &form->shape, (int64_t)row[k]), expected);
    }
  }
}
END_TEST

START_TEST(clipping_leaves_the_least_error) {
  const float exact[4] = {0.5f, -3.5f, 1.0f, 0.0f}, zeros[3] = {0};
  ck_assert_double_eq(weight_clip_scale(exact, 4, 7), 0.5); /* all are codes: nothing is better */
  ck_assert_double_eq(weight_clip_scale(zeros, 3, 7), 0);
  float outlier[101] = {2.0f};
  for (int i = 1; i <= 100; i++) outlier[i] = (float)(i % 15 - 7) * 0.2f; /* codes of scale 0.2 */
  double scale = weight_clip_scale(outlier, 101, 7);
  ck_assert_msg(scale < 0.25 && scale > 0.15, "%g", scale);
}
END_TEST

/* ---- networks ---- */

/* 64 channels, then a product over them with `weights` [OUT][DEEP][kernel][kernel]. */
static Value *deep_net(const float *weights, int64_t kernel, Value **weight) {
  Value *y =
      net_case_conv(&c, c.input, DEEP, 1, net_case_noise(&c, (int64_t)DEEP * NET_CHANNELS, 1, 0.5f), NULL);
  *weight = net_case_constant(&c, &SHAPE(OUT, DEEP, kernel, kernel), weights);
  return net_case_pair(&c, "Conv", net_case_node(&c, "Relu", y), *weight);
}

/* Groups of 32 channels ten times apart. */
static float *uneven(int64_t kernel) {
  float *weights = net_case_noise(&c, OUT * DEEP * kernel * kernel, 5, 0.1f);
  for (int64_t i = 0; i < OUT * DEEP * kernel * kernel; i++)
    if (i / (kernel * kernel) % DEEP >= 32) weights[i] *= 0.1f;
  return weights;
}

/* With what was fed to the small weights as strong as all else that would be lost in the large ones. */
static double sqnr_of(int64_t kernel, int64_t group, Value **weight) {
  QuantizeOptions options = quantize_defaults();
  options.weight_bits = 4;
  options.group_size = (int)group;
  ck_assert_msg(net_case_quantize(&c, deep_net(uneven(kernel), kernel, weight), options) == OK, "%s",
                c.err.text);
  return c.comparison.sqnr;
}

START_TEST(groups_lose_less) {
  Value *weight;
  int64_t kernel = _i == 0 ? 1 : 3;
  double plain = sqnr_of(kernel, 0, &weight);
  net_case_free(&c);
  net_case_begin(&c);
  double grouped = sqnr_of(kernel, 32, &weight);
  ck_assert_int_eq(weight->spec->group_size, 32);
  ck_assert_int_eq(weight->spec->group_axis, 1);
  ck_assert_msg(grouped > plain + 0.5, "SQNR %.1f dB, without groups %.1f dB", grouped, plain);
  ck_assert(edge_is_integer_only(&c.file.model));
}
END_TEST

/* Weights that lie on the codes' grid already: what the file computes is what the specs say. */
START_TEST(grouped_codes_are_kept) {
  Value *weight;
  int64_t kernel = _i == 0 ? 1 : 3, count = OUT * DEEP * kernel * kernel;
  QuantizeOptions options = quantize_defaults();
  sqnr_of(kernel, 32, &weight);
  float *snapped = malloc((size_t)count * sizeof *snapped);
  for (int64_t i = 0; i < count; i++) {
    double step = quant_step(weight->spec, &weight->shape, i);
    double code = rint((double)((const float *)weight->constant->data)[i] / step);
    snapped[i] = (float)(step * fmin(fmax(code, -7), 7));
  }
  double sqnr[2];
  for (int grouped = 0; grouped < 2; grouped++) {
    net_case_free(&c);
    net_case_begin(&c);
    options.weight_bits = grouped ? 4 : 8; /* the first layer has 4 bits then, too: its error is in both */
    options.outer_bits = 0;
    options.group_size = 32;
    Value *y = deep_net(snapped, kernel, &weight);
    Value *first = y->producer->inputs[0]->producer->inputs[0]->producer->inputs[1];
    float *codes = (float *)(uintptr_t)first->constant->data;
    for (int64_t i = 0; i < (int64_t)DEEP * NET_CHANNELS; i++)
      codes[i] = 0.125f * (float)(i % 4 == 0 ? 7 : i * 5 % 13 - 6);
    ck_assert_int_eq(net_case_quantize(&c, y, options), OK);
    sqnr[grouped] = c.comparison.sqnr;
  }
  free(snapped);
  ck_assert_msg(sqnr[1] > sqnr[0] - 1, "SQNR %.1f dB, with 8 bits %.1f dB", sqnr[1], sqnr[0]);
}
END_TEST

Suite *suite_quantize_groups(void) {
  Suite *suite = suite_create("quantize_groups");
  TCase *tests = tcase_create("groups");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, weights_and_their_groups, 0, (int)(sizeof forms / sizeof forms[0]));
  tcase_add_test(tests, clipping_leaves_the_least_error);
  tcase_add_loop_test(tests, groups_lose_less, 0, 2);
  tcase_add_loop_test(tests, grouped_codes_are_kept, 0, 2);
  suite_add_tcase(suite, tests);
  return suite;
}
