/* The convolutions: plain kernels against the definition, faster ones against plain. */
#include "tests/support/kernel_case.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_runtime_conv(void);

/* A convolution to be: sizes and the variants. */
typedef struct Plan {
  uint32_t batches, height, width, channels, outputs, kernel_h, kernel_w;
  EdgeConvParams params;
  EdgeType result;
  int has_table, is_depthwise, is_worst_case, is_narrow, x_zero_point; /* narrow: int4 weights */
  int is_wide;                                                         /* int16 x */
  uint32_t runs;                                                       /* with factors; 0: none */
} Plan;

static uint32_t result_size(uint32_t size, uint32_t kernel, int32_t stride, int32_t dilation, int32_t pads) {
  int32_t span = (int32_t)(kernel - 1) * dilation + 1;
  int32_t room = (int32_t)size + pads - span;
  return room < 0 ? 1 : (uint32_t)(room / stride + 1); /* a window that does not fit: still defined */
}

static Plan random_plan(int is_depthwise) {
  Plan p = {.is_depthwise = is_depthwise,
            .batches = (uint32_t)case_pick(1, 2),
            .height = (uint32_t)case_pick(1, 9),
            .width = (uint32_t)case_pick(1, 9),
            .kernel_h = (uint32_t)(case_pick(0, 9) == 0 ? 9 : case_pick(1, 3)),
            .kernel_w = (uint32_t)(case_pick(0, 4) == 0 ? 8 : case_pick(1, 3))};
  int32_t groups = is_depthwise ? case_pick(1, 90) : case_pick(1, 3) == 1 ? case_pick(1, 4) : 1;
  p.channels = (uint32_t)(is_depthwise ? groups : groups * case_pick(1, 40));
  p.outputs = (uint32_t)(groups * (is_depthwise ? case_pick(1, 2) : case_pick(1, 70 / groups)));
  p.is_wide = case_pick(0, 2) == 0;
  p.x_zero_point = p.is_wide ? case_pick(-32768, 32767) : case_pick(-128, 127);
  p.is_narrow = case_pick(0, 2) == 0;
  p.has_table = case_pick(0, 3) == 0;
  p.result =
      p.has_table ? EDGE_S8 : (const EdgeType[]){EDGE_S8, EDGE_S8, EDGE_S16, EDGE_F32}[case_pick(0, 3)];
  p.is_worst_case = case_pick(0, 7) == 0;
  p.params = (EdgeConvParams){.stride_h = case_pick(1, 3),
                              .stride_w = case_pick(1, 3),
                              .dilation_h = case_pick(1, 2),
                              .dilation_w = case_pick(1, 2),
                              .pad_top = case_pick(0, 2),
                              .pad_left = case_pick(0, 2),
                              .groups = groups,
                              .act_min = case_pick(-200, -50),
                              .act_max = case_pick(20, 200),
                              .pre_zero_point = case_pick(-128, 127)};
  return p;
}

static void fill_bytes(KernelCase *c, int operand, int value) {
  memset(case_data(c, operand), value, edge_tensor_bytes(&c->info[operand]));
}

/* All codes of x as large as they can be. */
static void fill_data(KernelCase *c, int is_positive) {
  if (c->info[0].type == EDGE_S8) fill_bytes(c, 0, is_positive ? 127 : -128);
  for (uint32_t i = 0; c->info[0].type == EDGE_S16 && i < c->info[0].elements; i++)
    ((int16_t *)case_data(c, 0))[i] = is_positive ? INT16_MAX : INT16_MIN;
}

/* All weights as large as they can be. */
static void fill_weights(KernelCase *c, int is_positive) {
  if (c->info[1].type == EDGE_S4)
    fill_bytes(c, 1, is_positive ? 0x77 : 0x88);
  else
    fill_bytes(c, 1, is_positive ? 127 : -128);
}

static void add_bias(KernelCase *c, const Plan *p) {
  void *bias = case_input(c, p->is_wide ? EDGE_S64 : EDGE_S32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0);
  for (uint32_t o = 0; p->is_wide && o < p->outputs; o++)
    ((int64_t *)bias)[o] = (int64_t)case_pick(-1000000, 1000000) * (case_pick(0, 3) == 0 ? 1 << 20 : 1);
}

static KernelCase conv_case(const Plan *p) {
  KernelCase c = kernel_case(p->is_depthwise ? EDGE_OP_DWCONV : EDGE_OP_CONV, &p->params);
  uint32_t depth = p->is_depthwise ? p->kernel_h * p->kernel_w
                                   : p->kernel_h * p->kernel_w * (p->channels / (uint32_t)p->params.groups);
  uint32_t w_dims[4] = {p->outputs, p->kernel_h, p->kernel_w, p->channels / (uint32_t)p->params.groups};
  uint32_t dw_dims[3] = {p->kernel_h, p->kernel_w, p->outputs};
  uint32_t y_dims[4] = {
      p->batches,
      result_size(p->height, p->kernel_h, p->params.stride_h, p->params.dilation_h, p->params.pad_top * 2),
      result_size(p->width, p->kernel_w, p->params.stride_w, p->params.dilation_w, p->params.pad_left * 2),
      p->outputs};
  case_input(&c, p->is_wide ? EDGE_S16 : EDGE_S8, EDGE_ARENA, 4,
             (uint32_t[]){p->batches, p->height, p->width, p->channels}, 1.0f, p->x_zero_point);
  if (p->is_depthwise)
    case_input(&c, p->is_narrow ? EDGE_S4 : EDGE_S8, EDGE_CONSTANT, 3, dw_dims, 0.0f, 0);
  else
    case_input(&c, p->is_narrow ? EDGE_S4 : EDGE_S8, EDGE_CONSTANT, 4, w_dims, 0.0f, 0);
  add_bias(&c, p);
  float *mult = case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0);
  for (uint32_t i = 0; i < p->outputs; i++)
    mult[i] /= (p->is_wide ? 256 : 1) * 30000.0f * sqrtf((float)depth);
  if (p->has_table) case_input(&c, EDGE_S8, EDGE_CONSTANT, 1, (uint32_t[]){256}, 0.0f, 0);
  if (!p->has_table && p->runs > 0) case_absent_input(&c);
  if (p->runs > 0) case_input(&c, EDGE_U8, EDGE_CONSTANT, 2, (uint32_t[]){p->outputs, p->runs}, 0.0f, 0);
  case_output(&c, p->result, 4, y_dims, 1.0f, p->result == EDGE_F32 ? 0 : p->params.pre_zero_point);
  if (p->is_worst_case) {
    fill_data(&c, case_pick(0, 1));
    fill_weights(&c, case_pick(0, 1));
  }
  return c;
}

static int32_t weight_at(KernelCase *c, size_t at) {
  const uint8_t *data = case_data(c, 1);
  if (c->info[1].type == EDGE_S8) return (int8_t)data[at];
  int32_t code = at % 2 == 0 ? data[at / 2] & 15 : data[at / 2] >> 4;
  return code < 8 ? code : code - 16;
}

/* By which weight `at` of output o is multiplied. */
static int32_t factor_at(const Plan *p, KernelCase *c, uint32_t o, size_t at) {
  if (p->runs == 0) return 1;
  size_t depth = c->info[1].elements / p->outputs;
  return ((const uint8_t *)case_data(c, 5))[o * p->runs + at % depth / (depth / p->runs)];
}

/* x + 128 (of int16: x) at a place that may be outside. */
static int32_t x_at(KernelCase *c, int64_t n, int64_t y, int64_t x, uint32_t channel) {
  const uint32_t *dims = c->info[0].dims;
  int is_wide = c->info[0].type == EDGE_S16, offset = is_wide ? 0 : 128;
  if (y < 0 || x < 0 || y >= dims[1] || x >= dims[2]) return c->info[0].zero_point + offset;
  int64_t at = ((n * dims[1] + y) * dims[2] + x) * dims[3] + channel;
  return is_wide ? ((const int16_t *)case_data(c, 0))[at] : ((const int8_t *)case_data(c, 0))[at] + offset;
}

/* The sum of one output, as program.h writes it: modulo 2^32, of int16 in full. */
static int64_t sum_of(const Plan *p, KernelCase *c, uint32_t n, uint32_t oy, uint32_t ox, uint32_t o) {
  uint32_t group_channels = p->channels / (uint32_t)p->params.groups;
  uint32_t group = o / (p->outputs / (uint32_t)p->params.groups);
  int64_t sum = p->is_wide ? ((const int64_t *)case_data(c, 2))[o] : ((const int32_t *)case_data(c, 2))[o];
  for (uint32_t ky = 0; ky < p->kernel_h; ky++)
    for (uint32_t kx = 0; kx < p->kernel_w; kx++)
      for (uint32_t i = 0; i < group_channels; i++) {
        int64_t y = (int64_t)oy * p->params.stride_h + (int64_t)ky * p->params.dilation_h - p->params.pad_top;
        int64_t x =
            (int64_t)ox * p->params.stride_w + (int64_t)kx * p->params.dilation_w - p->params.pad_left;
        size_t at = p->is_depthwise ? (ky * p->kernel_w + kx) * p->outputs + o
                                    : ((o * p->kernel_h + ky) * p->kernel_w + kx) * group_channels + i;
        sum +=
            (int64_t)weight_at(c, at) * factor_at(p, c, o, at) * x_at(c, n, y, x, group * group_channels + i);
      }
  return p->is_wide ? sum : (int32_t)(uint32_t)sum;
}

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

static int32_t code_of(const Plan *p, float real) {
  int32_t low = p->result == EDGE_S16 ? INT16_MIN : INT8_MIN,
          high = p->result == EDGE_S16 ? INT16_MAX : INT8_MAX;
  float rounded = nearbyintf(real);
  if (rounded > 1e6f) rounded = 1e6f;
  if (rounded < -1e6f) rounded = -1e6f;
  return clamp(clamp((int32_t)rounded + p->params.pre_zero_point, low, high), p->params.act_min,
               p->params.act_max);
}

static void expect_definition(const Plan *p, KernelCase *c) {
  const uint32_t *dims = c->info[EDGE_MAX_INPUTS].dims;
  const void *data = case_data(c, EDGE_MAX_INPUTS);
  const float *mult = case_data(c, 3);
  for (uint32_t i = 0; i < c->info[EDGE_MAX_INPUTS].elements; i++) {
    uint32_t o = i % dims[3], ox = i / dims[3] % dims[2], oy = i / dims[3] / dims[2] % dims[1];
    float real = (float)sum_of(p, c, i / dims[3] / dims[2] / dims[1], oy, ox, o) * mult[o];
    int32_t code = code_of(p, real);
    if (p->has_table) code = ((const int8_t *)case_data(c, 4))[code + 128];
    if (p->result == EDGE_F32)
      ck_assert_msg(((const float *)data)[i] == real, "element %u", i);
    else if (p->result == EDGE_S16)
      ck_assert_int_eq(((const int16_t *)data)[i], code);
    else
      ck_assert_int_eq(((const int8_t *)data)[i], code);
  }
}

START_TEST(plain_is_the_definition) {
  case_seed((uint32_t)_i);
  for (int i = 0; i < 100; i++) {
    Plan plan = random_plan(_i);
    KernelCase c = conv_case(&plan);
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
    expect_definition(&plan, &c);
    case_free(&c);
  }
}
END_TEST

START_TEST(faster_kernels_agree) {
  case_seed((uint32_t)_i + 100);
  for (int i = 0; i < 300; i++) {
    Plan plan = random_plan(_i);
    KernelCase c = conv_case(&plan);
    ck_assert_msg(case_agrees(&c), "case %d", i);
    case_free(&c);
  }
}
END_TEST

/* Every depth around the width of a vector and every number of pixels and outputs left over. */
START_TEST(faster_kernels_agree_on_matrices) {
  case_seed(7);
  for (uint32_t depth = 1; depth <= 50; depth++)
    for (uint32_t rows = 1; rows <= 9; rows += 2) {
      Plan plan = random_plan(0);
      plan.batches = plan.height = plan.kernel_h = plan.kernel_w = 1;
      plan.width = rows;
      plan.channels = depth;
      plan.outputs = (uint32_t)case_pick(1, 9);
      plan.params.groups = plan.params.stride_h = plan.params.stride_w = 1;
      plan.params.pad_top = plan.params.pad_left = 0;
      KernelCase c = conv_case(&plan);
      ck_assert_msg(case_agrees(&c), "depth %u, rows %u", depth, rows);
      case_free(&c);
    }
}
END_TEST

/* 2^17 products of 255 * 127 leave int32; the sum wraps around, everywhere alike. */
START_TEST(sums_wrap_around) {
  Plan plan = {
      .batches = 1, .height = 1, .width = 5, .channels = 1 << 17, .outputs = 3, .kernel_h = 1, .kernel_w = 1};
  plan.params = (EdgeConvParams){1, 1, 1, 1, 0, 0, 1, -128, 127, 0};
  plan.result = EDGE_F32;
  plan.is_worst_case = 1;
  KernelCase c = conv_case(&plan);
  fill_bytes(&c, 0, 127);
  fill_bytes(&c, 1, 127);
  ck_assert(case_agrees(&c));
  expect_definition(&plan, &c);
  case_free(&c);
}
END_TEST

/* 2^13 products of 2^15 * 2^7 are 2^35: of int16 nothing wraps around. */
START_TEST(sums_of_int16_have_64_bits) {
  Plan plan = {
      .batches = 1, .height = 1, .width = 5, .channels = 1 << 13, .outputs = 3, .kernel_h = 1, .kernel_w = 1};
  plan.params = (EdgeConvParams){1, 1, 1, 1, 0, 0, 1, -128, 127, 0};
  plan.result = EDGE_F32;
  plan.is_wide = 1;
  KernelCase c = conv_case(&plan);
  fill_data(&c, 0);
  fill_weights(&c, 0);
  ck_assert(case_agrees(&c));
  expect_definition(&plan, &c);
  ck_assert(sum_of(&plan, &c, 0, 0, 0, 0) > 1LL << 34);
  plan.is_depthwise = 1; /* 1681 positions of a window */
  plan.height = plan.width = plan.kernel_h = plan.kernel_w = 41;
  plan.channels = plan.outputs = 3;
  plan.params.groups = 3;
  case_free(&c);
  c = conv_case(&plan);
  fill_data(&c, 0);
  fill_weights(&c, 0);
  ck_assert(case_agrees(&c));
  expect_definition(&plan, &c);
  case_free(&c);
}
END_TEST

/* Parts in reverse; counts them. */
static void run_backwards(void *pool, uint32_t count, void (*body)(void *context, uint32_t i),
                          void *context) {
  *(uint32_t *)pool += count;
  for (uint32_t i = count; i > 0; i--) body(context, i - 1);
}

START_TEST(parts_give_the_same) {
  Plan plan = {
      .batches = 2, .height = 19, .width = 23, .channels = 18, .outputs = 34, .kernel_h = 3, .kernel_w = 3};
  plan.params = (EdgeConvParams){1, 1, 1, 1, 1, 1, 2, -128, 127, 3};
  plan.result = EDGE_S8;
  plan.is_narrow = _i % 2;
  plan.is_wide = _i / 2;
  KernelCase c = conv_case(&plan);
  uint32_t parts = 0;
  EdgeHooks hooks = {.parallel_for = run_backwards, .pool = &parts};
  c.hooks = &hooks;
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(case_run(&c, i == 0 ? &edge_kernels_plain : edge_choose_kernels()), EDGE_OK);
    expect_definition(&plan, &c);
  }
  ck_assert_uint_gt(parts, 10);
  case_free(&c);
}
END_TEST

/* The same numbers as int4 and as int8 give the same bytes. */
START_TEST(int4_weights_are_int8_weights) {
  case_seed((uint32_t)_i + 40);
  for (int i = 0; i < 60; i++) {
    Plan plan = random_plan(_i);
    plan.is_narrow = 1;
    KernelCase narrow = conv_case(&plan), wide = narrow;
    int8_t *codes = malloc(64 + narrow.info[1].elements);
    for (uint32_t k = 0; k < narrow.info[1].elements; k++) codes[64 + k] = (int8_t)weight_at(&narrow, k);
    wide.info[1].type = EDGE_S8;
    wide.memory[1] = (uint8_t *)codes;
    size_t bytes = case_output_bytes(&narrow);
    uint8_t *expected = malloc(bytes);
    ck_assert_int_eq(case_run(&wide, edge_choose_kernels()), EDGE_OK);
    memcpy(expected, case_data(&wide, EDGE_MAX_INPUTS), bytes);
    ck_assert_int_eq(case_run(&narrow, edge_choose_kernels()), EDGE_OK);
    ck_assert_mem_eq(expected, case_data(&narrow, EDGE_MAX_INPUTS), bytes);
    free(expected);
    free(codes);
    case_free(&narrow);
  }
}
END_TEST

/* Longer rows than are unpacked at a time, and more outputs. */
START_TEST(int4_weights_are_unpacked_in_blocks) {
  case_seed(3);
  Plan plan = {.batches = 1, .height = 3, .width = 5, .channels = 67, .kernel_h = 3, .kernel_w = 3};
  plan.params = (EdgeConvParams){1, 1, 1, 1, 1, 1, 1, -128, 127, 3};
  plan.result = EDGE_S8;
  plan.is_narrow = 1;
  for (plan.outputs = 1; plan.outputs < 150; plan.outputs += 29) {
    KernelCase c = conv_case(&plan);
    ck_assert(case_agrees(&c));
    expect_definition(&plan, &c);
    case_free(&c);
  }
}
END_TEST

/* Rows of `runs` runs of 16 * `length` weights, as a matrix product or in a window of 3x3. */
static Plan plan_with_factors(void) {
  Plan p = random_plan(0);
  int32_t length = 16 * case_pick(1, 4);
  p.is_narrow = 1;
  p.runs = (uint32_t)case_pick(1, 4);
  p.kernel_h = p.kernel_w = case_pick(0, 1) ? 1 : 3;
  p.channels = (uint32_t)p.params.groups * (uint32_t)length * p.runs;
  p.runs *= p.kernel_h * p.kernel_w;
  return p;
}

START_TEST(factors_of_runs) {
  case_seed(11);
  for (int i = 0; i < 60; i++) {
    Plan plan = plan_with_factors();
    KernelCase c = conv_case(&plan);
    ck_assert_msg(case_agrees(&c), "case %d", i);
    expect_definition(&plan, &c);
    case_free(&c);
  }
}
END_TEST

START_TEST(bad_factors_are_refused) {
  case_seed(12);
  Plan plan = plan_with_factors();
  KernelCase c = conv_case(&plan);
  EdgeTensor good = c.info[5];
  ck_assert_int_eq(case_check(&c), EDGE_OK);
  c.info[5].dims[1] *= 16 * 5; /* runs that are too short */
  c.info[5].elements *= 16 * 5;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[5] = good;
  c.info[5].dims[0]++;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[5] = good;
  c.info[5].type = EDGE_S8;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[5] = good;
  c.info[5].space = EDGE_ARENA;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[5] = good;
  c.info[1].type = EDGE_S8; /* only int4 weights have factors */
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

START_TEST(bad_calls_are_refused) {
  Plan good = {
      .batches = 1, .height = 4, .width = 4, .channels = 4, .outputs = 6, .kernel_h = 3, .kernel_w = 3};
  good.params = (EdgeConvParams){1, 1, 1, 1, 1, 1, 2, -128, 127, 0};
  good.result = EDGE_S8;
  KernelCase c = conv_case(&good);
  ck_assert_int_eq(case_check(&c), EDGE_OK);
  for (int field = 0; field < 7; field++) {
    Plan bad = good;
    ((int32_t *)&bad.params)[field] = -1;
    c.params = &bad.params;
    ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  }
  Plan bad = good;
  c.params = &bad.params;
  bad.params.groups = 3;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.params = &good.params;
  for (int operand = 0; operand < 4; operand++) {
    EdgeTensor kept = c.info[operand];
    c.info[operand].type = EDGE_U8;
    ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
    c.info[operand] = kept;
    c.info[operand].dims[0]++;
    c.info[operand].elements++;
    ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
    c.info[operand] = kept;
  }
  c.info[1].type = EDGE_S4;
  ck_assert_int_eq(case_check(&c), EDGE_OK);
  c.info[1].space = EDGE_ARENA;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[1].space = EDGE_CONSTANT;
  ((float *)case_data(&c, 3))[5] = INFINITY;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

Suite *suite_runtime_conv(void) {
  Suite *suite = suite_create("runtime_conv");
  TCase *tests = tcase_create("conv");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, plain_is_the_definition, 0, 2);
  tcase_add_loop_test(tests, faster_kernels_agree, 0, 2);
  tcase_add_test(tests, faster_kernels_agree_on_matrices);
  tcase_add_test(tests, sums_wrap_around);
  tcase_add_test(tests, sums_of_int16_have_64_bits);
  tcase_add_loop_test(tests, parts_give_the_same, 0, 4);
  tcase_add_loop_test(tests, int4_weights_are_int8_weights, 0, 2);
  tcase_add_test(tests, int4_weights_are_unpacked_in_blocks);
  tcase_add_test(tests, factors_of_runs);
  tcase_add_test(tests, bad_factors_are_refused);
  tcase_add_test(tests, bad_calls_are_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
