/* Instructions with weights in codes and activations in float: plain kernels against the definition in
 * docs/edge-format.md, to the bit, and faster ones against plain. */
#include "tests/support/kernel_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_runtime_coded(void);

typedef struct Plan {
  uint32_t batches, height, width, channels, outputs, kernel_h, kernel_w, out_h, out_w, runs;
  EdgeConvParams params;
  int is_depthwise, is_narrow, has_bias;
} Plan;

static uint32_t result_size(uint32_t size, uint32_t kernel, int32_t stride, int32_t dilation, int32_t pad) {
  int32_t room = (int32_t)size + 2 * pad - ((int32_t)(kernel - 1) * dilation + 1);
  return room < 0 ? 1 : (uint32_t)(room / stride + 1);
}

static Plan random_plan(int is_depthwise) {
  Plan p = {.is_depthwise = is_depthwise,
            .batches = (uint32_t)case_pick(1, 2),
            .height = (uint32_t)case_pick(1, 7),
            .width = (uint32_t)case_pick(1, 7),
            .kernel_h = (uint32_t)case_pick(1, 3),
            .kernel_w = (uint32_t)case_pick(1, 3),
            .is_narrow = case_pick(0, 1),
            .has_bias = case_pick(0, 1)};
  int32_t groups = is_depthwise ? case_pick(2, 80) : case_pick(0, 2) == 0 ? case_pick(1, 4) : 1;
  p.channels = (uint32_t)(is_depthwise ? groups : groups * case_pick(1, 30));
  p.outputs = (uint32_t)(groups * (is_depthwise ? case_pick(1, 2) : case_pick(1, 20)));
  p.params = (EdgeConvParams){case_pick(1, 2),
                              case_pick(1, 2),
                              case_pick(1, 2),
                              case_pick(1, 2),
                              case_pick(0, 2),
                              case_pick(0, 2),
                              groups,
                              0,
                              0,
                              0};
  const EdgeConvParams *c = &p.params;
  p.out_h = result_size(p.height, p.kernel_h, c->stride_h, c->dilation_h, c->pad_top);
  p.out_w = result_size(p.width, p.kernel_w, c->stride_w, c->dilation_w, c->pad_left);
  return p;
}

/* A product of `rows` rows, which the kernels meet as they lie; with factors where runs > 0. */
static Plan matrix_plan(uint32_t rows, uint32_t depth, uint32_t outputs, uint32_t runs) {
  return (Plan){.batches = 1,
                .height = 1,
                .width = rows,
                .channels = depth,
                .outputs = outputs,
                .kernel_h = 1,
                .kernel_w = 1,
                .out_h = 1,
                .out_w = rows,
                .runs = runs,
                .params = {1, 1, 1, 1, 0, 0, 1, 0, 0, 0},
                .is_narrow = case_pick(0, 1),
                .has_bias = case_pick(0, 1)};
}

/* Numbers whose sums depend on the order of the additions. */
static void make_uneven(float *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) values[i] = values[i] * 0.7310586f + 0.001f * (float)(i % 97);
}

static uint32_t depth_of(const Plan *p) {
  return p->kernel_h * p->kernel_w * (p->channels / (uint32_t)p->params.groups);
}

static KernelCase coded_case(const Plan *p) {
  KernelCase c = kernel_case(p->is_depthwise ? EDGE_OP_DWCONV_F32_CODED : EDGE_OP_CONV_F32_CODED, &p->params);
  uint32_t x_dims[4] = {p->batches, p->height, p->width, p->channels};
  uint32_t w_dims[4] = {p->outputs, p->kernel_h, p->kernel_w, p->channels / (uint32_t)p->params.groups};
  uint32_t dw_dims[3] = {p->kernel_h, p->kernel_w, p->outputs};
  EdgeType type = p->is_narrow ? EDGE_S4 : EDGE_S8;
  make_uneven(case_input(&c, EDGE_F32, EDGE_ARENA, 4, x_dims, 0.0f, 0), c.info[0].elements);
  case_input(&c, type, EDGE_CONSTANT, p->is_depthwise ? 3 : 4, p->is_depthwise ? dw_dims : w_dims, 0.0f, 0);
  make_uneven(case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0), p->outputs);
  if (p->has_bias) make_uneven(case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0), p->outputs);
  if (!p->has_bias && p->runs > 0) case_absent_input(&c);
  if (p->runs > 0) case_input(&c, EDGE_U8, EDGE_CONSTANT, 2, (uint32_t[]){p->outputs, p->runs}, 0.0f, 0);
  case_output(&c, EDGE_F32, 4, (uint32_t[]){p->batches, p->out_h, p->out_w, p->outputs}, 0.0f, 0);
  return c;
}

static float weight_at(KernelCase *c, int operand, size_t at) {
  const uint8_t *data = case_data(c, operand);
  if (c->info[operand].type == EDGE_S8) return (float)(int8_t)data[at];
  int32_t code = at % 2 == 0 ? data[at / 2] & 15 : data[at / 2] >> 4;
  return (float)(code < 8 ? code : code - 16);
}

/* True where position (ky, kx) of the window is inside x: then `*at` is its first channel. */
static int position(const Plan *p, const uint32_t place[3], uint32_t ky, uint32_t kx, size_t *at) {
  int64_t y = (int64_t)place[1] * p->params.stride_h + (int64_t)ky * p->params.dilation_h - p->params.pad_top;
  int64_t x =
      (int64_t)place[2] * p->params.stride_w + (int64_t)kx * p->params.dilation_w - p->params.pad_left;
  *at = ((place[0] * p->height + (size_t)y) * p->width + (size_t)x) * p->channels;
  return y >= 0 && x >= 0 && y < p->height && x < p->width;
}

static float lanes_sum(const Plan *p, KernelCase *c, const float *row, uint32_t o) {
  uint32_t depth = depth_of(p), runs = p->runs > 0 ? p->runs : 1, length = depth / runs;
  float lane[8] = {0};
  for (uint32_t r = 0; r < runs; r++) {
    float part[8] = {0}, factor = 1;
    if (p->runs > 0) factor = (float)((const uint8_t *)case_data(c, 4))[o * runs + r];
    for (uint32_t k = r * length; k < (r + 1) * length; k++) {
      float product = row[k] * weight_at(c, 1, (size_t)o * depth + k);
      part[(k - r * length) % 8] += product;
    }
    for (int j = 0; j < 8; j++) {
      float product = part[j] * factor;
      lane[j] += product;
    }
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static float conv_sum(const Plan *p, KernelCase *c, const uint32_t place[3], uint32_t o) {
  uint32_t channels = p->channels / (uint32_t)p->params.groups;
  uint32_t group = o / (p->outputs / (uint32_t)p->params.groups);
  const float *x = case_data(c, 0);
  float row[1024] = {0};
  size_t at;
  for (uint32_t ky = 0; ky < p->kernel_h; ky++)
    for (uint32_t kx = 0; kx < p->kernel_w; kx++)
      if (position(p, place, ky, kx, &at))
        memcpy(row + (ky * p->kernel_w + kx) * channels, x + at + group * channels, channels * sizeof *row);
  return lanes_sum(p, c, row, o);
}

static float depthwise_sum(const Plan *p, KernelCase *c, const uint32_t place[3], uint32_t o) {
  const float *x = case_data(c, 0);
  float sum = 0;
  size_t at;
  for (uint32_t ky = 0; ky < p->kernel_h; ky++)
    for (uint32_t kx = 0; kx < p->kernel_w; kx++) {
      if (!position(p, place, ky, kx, &at)) continue;
      float product = x[at + o / (p->outputs / p->channels)] *
                      weight_at(c, 1, (size_t)(ky * p->kernel_w + kx) * p->outputs + o);
      sum += product;
    }
  return sum;
}

static void expect_definition(const Plan *p, KernelCase *c) {
  const float *y = case_data(c, EDGE_MAX_INPUTS), *scale = case_data(c, 2);
  for (uint32_t i = 0; i < c->info[EDGE_MAX_INPUTS].elements; i++) {
    uint32_t o = i % p->outputs, pixel = i / p->outputs;
    uint32_t place[3] = {pixel / p->out_w / p->out_h, pixel / p->out_w % p->out_h, pixel % p->out_w};
    float sum = p->is_depthwise ? depthwise_sum(p, c, place, o) : conv_sum(p, c, place, o);
    float expected = sum * scale[o];
    if (p->has_bias) expected += ((const float *)case_data(c, 3))[o];
    ck_assert_msg(memcmp(&y[i], &expected, sizeof expected) == 0, "element %u: %a instead of %a", i,
                  (double)y[i], (double)expected);
  }
}

START_TEST(plain_is_the_definition) {
  case_seed((uint32_t)_i + 1);
  for (int i = 0; i < 60; i++) {
    Plan plan = random_plan(_i);
    KernelCase c = coded_case(&plan);
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
    expect_definition(&plan, &c);
    case_free(&c);
  }
}
END_TEST

START_TEST(faster_kernels_agree) {
  case_seed((uint32_t)_i + 50);
  for (int i = 0; i < 200; i++) {
    Plan plan = random_plan(_i);
    KernelCase c = coded_case(&plan);
    ck_assert_msg(case_agrees(&c), "case %d", i);
    case_free(&c);
  }
}
END_TEST

/* Every depth around the width of a vector, every number of rows and outputs left over. */
START_TEST(matrices) {
  case_seed(3);
  for (uint32_t depth = 1; depth <= 40; depth++)
    for (uint32_t rows = 1; rows <= 6; rows++) {
      Plan plan = matrix_plan(rows, depth, (uint32_t)case_pick(1, 13), 0);
      KernelCase c = coded_case(&plan);
      ck_assert_msg(case_agrees(&c), "depth %u, %u rows", depth, rows);
      ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
      expect_definition(&plan, &c);
      case_free(&c);
    }
}
END_TEST

START_TEST(matrices_with_factors) {
  case_seed(4);
  for (uint32_t runs = 1; runs <= 5; runs++)
    for (uint32_t rows = 1; rows <= 6; rows++) {
      Plan plan = matrix_plan(rows, runs * 16 * (uint32_t)case_pick(1, 4), (uint32_t)case_pick(1, 13), runs);
      KernelCase c = coded_case(&plan);
      ck_assert_msg(case_agrees(&c), "%u runs, %u rows", runs, rows);
      ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
      expect_definition(&plan, &c);
      case_free(&c);
    }
}
END_TEST

/* ---- GATHER_CODED ---- */

static KernelCase gather_case(const EdgeGatherCodedParams *p, EdgeType type, EdgeType result, uint32_t runs) {
  KernelCase c = kernel_case(EDGE_OP_GATHER_CODED, p);
  uint32_t rows = (uint32_t)p->axis, count = 9;
  case_input(&c, type, EDGE_CONSTANT, 2, (uint32_t[]){rows, (uint32_t)p->inner}, 0.0f, 0);
  int32_t *indices = case_input(&c, EDGE_S32, EDGE_ARENA, 1, &count, 0.0f, 0);
  for (uint32_t i = 0; i < count; i++) indices[i] = case_pick(-p->axis, p->axis - 1);
  make_uneven(case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &rows, 0.0f, 0), rows);
  if (runs > 0) case_input(&c, EDGE_U8, EDGE_CONSTANT, 2, (uint32_t[]){rows, runs}, 0.0f, 0);
  case_output(&c, result, 2, (uint32_t[]){count, (uint32_t)p->inner}, 0.0f, result == EDGE_F32 ? 0 : -3);
  return c;
}

static float saturated(float code, EdgeType type) {
  float low = type == EDGE_S16 ? -32768.0f : -128.0f, high = type == EDGE_S16 ? 32767.0f : 127.0f;
  return code < low ? low : code > high ? high : code;
}

static float rounded(float value) {
  if (value > 1e6f || value < -1e6f) return value;
  return (value + 12582912.0f) - 12582912.0f;
}

static float gathered(KernelCase *c, uint32_t i) {
  const void *data = case_data(c, EDGE_MAX_INPUTS);
  EdgeType type = (EdgeType)c->info[EDGE_MAX_INPUTS].type;
  if (type == EDGE_F32) return ((const float *)data)[i];
  return type == EDGE_S16 ? (float)((const int16_t *)data)[i] : (float)((const int8_t *)data)[i];
}

START_TEST(rows_of_a_table) {
  static const EdgeType results[] = {EDGE_F32, EDGE_S8, EDGE_S16};
  case_seed((uint32_t)_i + 9);
  for (int i = 0; i < 40; i++) {
    uint32_t runs = (uint32_t)case_pick(0, 3);
    EdgeGatherCodedParams p = {case_pick(1, 20), runs > 0 ? (int32_t)runs * 32 : case_pick(1, 33)};
    EdgeType result = results[_i];
    KernelCase c = gather_case(&p, i % 2 == 0 ? EDGE_S4 : EDGE_S8, result, runs);
    ck_assert(case_agrees(&c));
    for (uint32_t e = 0; e < c.info[EDGE_MAX_INPUTS].elements; e++) {
      uint32_t inner = (uint32_t)p.inner, k = e % inner;
      int32_t row = ((const int32_t *)case_data(&c, 1))[e / inner];
      if (row < 0) row += p.axis;
      float factor = runs > 0 ? (float)((const uint8_t *)case_data(&c, 3))[(uint32_t)row * runs + k / 32] : 1;
      float value = weight_at(&c, 0, (uint32_t)row * inner + k) * factor * ((float *)case_data(&c, 2))[row];
      float expected = result == EDGE_F32 ? value : saturated(rounded(value) - 3, result);
      ck_assert_msg(gathered(&c, e) == expected, "element %u", e);
    }
    case_free(&c);
  }
}
END_TEST

/* ---- CONV_DYNAMIC ---- */

/* The same operands as of a coded convolution, with the offset of the codes' sums and scales that fit. */
static KernelCase dynamic_case(const Plan *p) {
  KernelCase c = kernel_case(EDGE_OP_CONV_DYNAMIC, &p->params);
  uint32_t x_dims[4] = {p->batches, p->height, p->width, p->channels};
  uint32_t w_dims[4] = {p->outputs, p->kernel_h, p->kernel_w, p->channels / (uint32_t)p->params.groups};
  uint32_t dw_dims[3] = {p->kernel_h, p->kernel_w, p->outputs};
  EdgeType type = p->is_narrow ? EDGE_S4 : EDGE_S8;
  make_uneven(case_input(&c, EDGE_F32, EDGE_ARENA, 4, x_dims, 0.0f, 0), c.info[0].elements);
  case_input(&c, type, EDGE_CONSTANT, p->is_depthwise ? 3 : 4, p->is_depthwise ? dw_dims : w_dims, 0.0f, 0);
  case_input(&c, EDGE_S32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0);
  make_uneven(case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0), p->outputs);
  if (p->has_bias) make_uneven(case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &p->outputs, 0.0f, 0), p->outputs);
  if (!p->has_bias && p->runs > 0) case_absent_input(&c);
  if (p->runs > 0) case_input(&c, EDGE_U8, EDGE_CONSTANT, 2, (uint32_t[]){p->outputs, p->runs}, 0.0f, 0);
  case_output(&c, EDGE_F32, 4, (uint32_t[]){p->batches, p->out_h, p->out_w, p->outputs}, 0.0f, 0);
  return c;
}

static int has_pixel_scales(const Plan *p) {
  const EdgeConvParams *c = &p->params;
  return p->kernel_h * p->kernel_w == 1 && c->stride_h == 1 && c->stride_w == 1 && c->pad_top == 0 &&
         c->pad_left == 0;
}

/* The scale of the unit with element `at` of x. */
static float unit_scale(const Plan *p, KernelCase *c, size_t at) {
  size_t length = has_pixel_scales(p) ? p->channels : (size_t)p->height * p->width * p->channels;
  const float *x = (const float *)case_data(c, 0) + at / length * length;
  float most = 0;
  for (size_t i = 0; i < length; i++) most = x[i] > most ? x[i] : -x[i] > most ? -x[i] : most;
  float scale = most / 127.0f;
  return scale >= 0x1p-126f ? scale : 1.0f;
}

static int64_t dynamic_sum(const Plan *p, KernelCase *c, const uint32_t place[3], uint32_t o, float scale) {
  uint32_t channels = p->channels / (uint32_t)p->params.groups, depth = depth_of(p);
  uint32_t group = o / (p->outputs / (uint32_t)p->params.groups);
  const float *x = case_data(c, 0);
  int64_t sum = ((const int32_t *)case_data(c, 2))[o];
  for (uint32_t k = 0; k < depth; k++) {
    size_t at, ky = k / channels / p->kernel_w, kx = k / channels % p->kernel_w;
    int is_inside = position(p, place, (uint32_t)ky, (uint32_t)kx, &at);
    float real = is_inside ? x[at + group * channels + k % channels] * (1.0f / scale) : 0.0f;
    float code = rounded(real) > 127 ? 127 : rounded(real) < -127 ? -127 : rounded(real);
    int64_t factor =
        p->runs == 0 ? 1 : ((const uint8_t *)case_data(c, 5))[o * p->runs + k / (depth / p->runs)];
    size_t w = p->is_depthwise ? (size_t)k * p->outputs + o : (size_t)o * depth + k;
    sum += (int64_t)weight_at(c, 1, w) * factor * ((int64_t)code + 128);
  }
  return sum;
}

static void expect_dynamic(const Plan *p, KernelCase *c) {
  const float *y = case_data(c, EDGE_MAX_INPUTS), *mult = case_data(c, 3);
  for (uint32_t i = 0; i < c->info[EDGE_MAX_INPUTS].elements; i++) {
    uint32_t o = i % p->outputs, pixel = i / p->outputs;
    uint32_t place[3] = {pixel / p->out_w / p->out_h, pixel / p->out_w % p->out_h, pixel % p->out_w};
    size_t at = has_pixel_scales(p) ? (size_t)pixel * p->channels
                                    : (size_t)place[0] * p->height * p->width * p->channels;
    float scale = unit_scale(p, c, at);
    float expected = (float)(int32_t)(uint32_t)dynamic_sum(p, c, place, o, scale) * mult[o];
    expected *= scale;
    if (p->has_bias) expected += ((const float *)case_data(c, 4))[o];
    ck_assert_msg(memcmp(&y[i], &expected, sizeof expected) == 0, "element %u: %a instead of %a", i,
                  (double)y[i], (double)expected);
  }
}

START_TEST(dynamic_is_the_definition) {
  case_seed((uint32_t)_i + 21);
  for (int i = 0; i < 60; i++) {
    Plan plan =
        _i == 2 ? matrix_plan((uint32_t)case_pick(1, 6), (uint32_t)case_pick(1, 70), 9, 0) : random_plan(_i);
    if (_i == 3) plan = matrix_plan((uint32_t)case_pick(1, 6), 96, (uint32_t)case_pick(1, 20), 3);
    if (_i == 3) plan.is_narrow = 1;
    KernelCase c = dynamic_case(&plan);
    ck_assert_msg(case_agrees(&c), "case %d", i);
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
    expect_dynamic(&plan, &c);
    case_free(&c);
  }
}
END_TEST

/* Units without a usable scale: zeros, infinities, numbers too small; and numbers that are none. */
START_TEST(dynamic_scales_of_odd_numbers) {
  Plan plan = matrix_plan(5, 3, 1, 0);
  plan.has_bias = plan.is_narrow = 0;
  KernelCase c = dynamic_case(&plan);
  const float rows[15] = {0, 0, 0, INFINITY, 1, -2, 1e-38f, 0, 0, NAN, 127, -63.6f, -254, 1, 0};
  const float codes[15] = {0, 0, 0, 127, 1, -2, 0, 0, 0, 0, 127, -64, -127, 0, 0};
  const float scales[5] = {1, 1, 1, 1, 2};
  memcpy(case_data(&c, 0), rows, sizeof rows);
  memcpy(case_data(&c, 1), (int8_t[]){3, 5, 7}, 3);
  ((int32_t *)case_data(&c, 2))[0] = -128 * 15;
  ((float *)case_data(&c, 3))[0] = 1;
  ck_assert(case_agrees(&c));
  const float *y = case_data(&c, EDGE_MAX_INPUTS);
  for (int i = 0; i < 5; i++)
    ck_assert_msg(y[i] == (3 * codes[3 * i] + 5 * codes[3 * i + 1] + 7 * codes[3 * i + 2]) * scales[i],
                  "row %d: %g", i, (double)y[i]);
  case_free(&c);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(index_outside_the_table) {
  EdgeGatherCodedParams p = {5, 8};
  KernelCase c = gather_case(&p, EDGE_S8, EDGE_F32, 0);
  ((int32_t *)case_data(&c, 1))[3] = 5;
  ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_BAD_INDEX);
  case_free(&c);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
  Plan plan = matrix_plan(3, 64, 4, 2);
  plan.has_bias = 1;
  KernelCase c = coded_case(&plan);
  ck_assert_int_eq(case_check(&c), EDGE_OK);
  c.info[4].dims[1] = 3; /* 64 weights are no three runs */
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[4].dims[1] = 8; /* runs of 8 */
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[4].dims[1] = 2;
  c.info[1].space = EDGE_ARENA; /* weights must be constant */
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[1].space = EDGE_CONSTANT;
  c.info[2].elements = 3; /* a scale for each output */
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  c.info[2].elements = 4;
  c.info[3].elements = 5;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

Suite *suite_runtime_coded(void) {
  Suite *suite = suite_create("runtime_coded");
  TCase *tests = tcase_create("coded");
  tcase_add_loop_test(tests, plain_is_the_definition, 0, 2);
  tcase_add_loop_test(tests, faster_kernels_agree, 0, 2);
  tcase_add_test(tests, matrices);
  tcase_add_test(tests, matrices_with_factors);
  tcase_add_loop_test(tests, rows_of_a_table, 0, 3);
  tcase_add_loop_test(tests, dynamic_is_the_definition, 0, 4);
  tcase_add_test(tests, dynamic_scales_of_odd_numbers);
  tcase_add_test(tests, index_outside_the_table);
  tcase_add_test(tests, what_does_not_fit_is_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
