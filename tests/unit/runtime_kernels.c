/* Integer kernels other than the convolutions against their definitions in docs/edge-format.md, written as
   simply as possible; and faster kernels against plain. */
#include "tests/support/kernel_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_runtime_kernels(void);

#define OUTPUT EDGE_MAX_INPUTS

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

/* sat(rhe(value) + zero_point) */
static int32_t requantize(float value, int32_t zero_point, EdgeType type, int32_t act_min, int32_t act_max) {
  int32_t low = type == EDGE_S16 ? INT16_MIN : INT8_MIN, high = type == EDGE_S16 ? INT16_MAX : INT8_MAX;
  double rounded = fmin(fmax((double)nearbyintf(value), -1e6), 1e6);
  return clamp(clamp((int32_t)rounded + zero_point, low, high), act_min, act_max);
}

/* ---- two tensors ---- */

/* dims [3,d1,d2]; b dense, or repeated along one or two of them. */
static EdgeBinaryParams random_binary(uint32_t d1, uint32_t d2) {
  int kind = case_pick(0, 3), inner = (int)d2;
  EdgeBinaryParams p = {.rank = 3,
                        .dims = {3, (int32_t)d1, inner},
                        .a_stride = {(int32_t)d1 * inner, inner, 1},
                        .b_stride = {(int32_t)d1 * inner, inner, 1},
                        .a_mult = (float)case_pick(-100, 100) * 0.01f,
                        .b_mult = (float)case_pick(-100, 100) * 0.01f,
                        .act_min = case_pick(-200, -60),
                        .act_max = case_pick(40, 200),
                        .pre_zero_point = case_pick(-128, 127)};
  if (kind == 1) memcpy(p.b_stride, (int32_t[]){0, 0, 1}, 12);
  if (kind == 2) memcpy(p.b_stride, (int32_t[]){0, 1, 0}, 12);
  if (kind == 3) memcpy(p.b_stride, (int32_t[]){0, 0, 0}, 12);
  return p;
}

static float binary_value(EdgeOpcode opcode, const EdgeBinaryParams *p, int32_t a, int32_t b) {
  float u = (float)a * p->a_mult, v = (float)b * p->b_mult;
  if (opcode == EDGE_OP_ADD) return u + v;
  if (opcode == EDGE_OP_MUL) return (float)((int64_t)a * b) * p->a_mult;
  return (opcode == EDGE_OP_MAXIMUM) == (u > v) ? u : v;
}

static void expect_binary(KernelCase *c, const EdgeBinaryParams *p) {
  for (int32_t i = 0; i < (int32_t)c->info[OUTPUT].elements; i++) {
    int32_t i2 = i % p->dims[2], i1 = i / p->dims[2] % p->dims[1], i0 = i / p->dims[2] / p->dims[1];
    int32_t a = case_code(c, 0, i) - c->info[0].zero_point;
    int32_t b = case_code(c, 1, i0 * p->b_stride[0] + i1 * p->b_stride[1] + i2 * p->b_stride[2]);
    int32_t code = requantize(binary_value(c->opcode, p, a, b - c->info[1].zero_point), p->pre_zero_point,
                              (EdgeType)c->info[OUTPUT].type, p->act_min, p->act_max);
    if (c->inputs == 3) code = case_code(c, 2, code + 128);
    ck_assert_int_eq(case_code(c, OUTPUT, i), code);
  }
}

/* Of 8 or 16 bits, which it says. */
static EdgeType add_operand(KernelCase *c, uint32_t rank, const uint32_t *dims) {
  int is_wide = case_pick(0, 1);
  int32_t zero_point = is_wide ? case_pick(-32768, 32767) : case_pick(-128, 127);
  EdgeType type = is_wide ? EDGE_S16 : EDGE_S8;
  case_input(c, type, EDGE_ARENA, rank, dims, 1.0f, zero_point);
  return type;
}

START_TEST(binary_is_the_definition) {
  case_seed((uint32_t)_i);
  for (int i = 0; i < 60; i++) {
    uint32_t d1 = (uint32_t)case_pick(1, 9), d2 = (uint32_t)case_pick(1, i % 8 == 0 ? 300 : 50);
    uint32_t dims[3] = {3, d1, d2};
    int has_table = case_pick(0, 2) == 0;
    EdgeBinaryParams p = random_binary(d1, d2);
    KernelCase c = kernel_case((EdgeOpcode)_i, &p);
    add_operand(&c, 3, dims);
    add_operand(&c, 3, dims);
    if (has_table) case_input(&c, EDGE_S8, EDGE_CONSTANT, 1, (uint32_t[]){256}, 0.0f, 0);
    case_output(&c, has_table || case_pick(0, 1) ? EDGE_S8 : EDGE_S16, 3, dims, 1.0f, 0);
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
    expect_binary(&c, &p);
    ck_assert(case_agrees(&c));
    case_free(&c);
  }
}
END_TEST

/* ---- windows ---- */

typedef struct WindowSums {
  int64_t sum;
  int32_t most, inside, counted;
} WindowSums;

static WindowSums window_of(KernelCase *c, const EdgePoolParams *p, int32_t oy, int32_t ox, int32_t channel) {
  const uint32_t *dims = c->info[0].dims;
  int32_t height = (int32_t)dims[1], width = (int32_t)dims[2];
  WindowSums w = {.most = c->info[0].type == EDGE_S16 ? INT16_MIN : INT8_MIN};
  for (int32_t ky = 0; ky < p->kernel_h; ky++)
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      int32_t y = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
      int32_t x = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
      w.counted +=
          y >= -p->pad_top && y < height + p->pad_bottom && x >= -p->pad_left && x < width + p->pad_right;
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      int32_t code = case_code(c, 0, (y * width + x) * (int32_t)dims[3] + channel);
      w.inside++;
      w.sum += code - c->info[0].zero_point;
      w.most = code > w.most ? code : w.most;
    }
  return w;
}

static int32_t pooled(KernelCase *c, const EdgePoolParams *p, WindowSums w) {
  if (c->opcode == EDGE_OP_MAXPOOL) return clamp(w.most, p->act_min, p->act_max);
  int32_t count = p->count_include_pad ? w.counted : w.inside;
  float mean = ((float)w.sum * p->mult) / (float)(count > 0 ? count : 1);
  return requantize(mean, c->info[OUTPUT].zero_point, (EdgeType)c->info[OUTPUT].type, p->act_min, p->act_max);
}

START_TEST(pooling_is_the_definition) {
  case_seed((uint32_t)_i);
  for (int i = 0; i < 100; i++) {
    uint32_t x_dims[4] = {1, (uint32_t)case_pick(1, 8), (uint32_t)case_pick(1, 8),
                          (uint32_t)case_pick(1, 70)};
    uint32_t y_dims[4] = {1, (uint32_t)case_pick(1, 6), (uint32_t)case_pick(1, 6), x_dims[3]};
    EdgePoolParams p = {case_pick(1, 4),
                        case_pick(1, 4),
                        case_pick(1, 3),
                        case_pick(1, 3),
                        case_pick(1, 2),
                        case_pick(1, 2),
                        case_pick(0, 2),
                        case_pick(0, 2),
                        case_pick(0, 2),
                        case_pick(0, 2),
                        case_pick(0, 1),
                        0.7f,
                        -100,
                        case_pick(0, 127)};
    KernelCase c = kernel_case((EdgeOpcode)_i, &p);
    EdgeType type = add_operand(&c, 4, x_dims);
    if (_i == EDGE_OP_AVGPOOL && case_pick(0, 1)) type = EDGE_S8;
    if (type == EDGE_S16) p.act_max = case_pick(0, 1) ? 20000 : INT16_MAX;
    case_output(&c, type, 4, y_dims, 1.0f, case_pick(-128, 127));
    ck_assert(case_agrees(&c));
    for (uint32_t k = 0; k < c.info[OUTPUT].elements; k++) {
      WindowSums w = window_of(&c, &p, (int32_t)(k / y_dims[3] / y_dims[2]),
                               (int32_t)(k / y_dims[3] % y_dims[2]), (int32_t)(k % y_dims[3]));
      ck_assert_int_eq(case_code(&c, OUTPUT, k), pooled(&c, &p, w));
    }
    case_free(&c);
  }
}
END_TEST

/* ---- rows ---- */

START_TEST(reduce_is_the_definition) {
  case_seed(3);
  for (int i = 0; i < 80; i++) {
    uint32_t rows = (uint32_t)case_pick(1, 40), columns = (uint32_t)case_pick(1, 100);
    int kind = case_pick(EDGE_REDUCE_SUM, EDGE_REDUCE_MIN), is_over_rows = case_pick(0, 1);
    uint32_t outer = is_over_rows ? columns : rows, inner = is_over_rows ? rows : columns;
    EdgeReduceParams p = {.kind = kind,
                          .outer_rank = 1,
                          .outer_dims = {(int32_t)outer},
                          .outer_stride = {is_over_rows ? 1 : (int32_t)columns},
                          .inner_rank = 1,
                          .inner_dims = {(int32_t)inner},
                          .inner_stride = {is_over_rows ? (int32_t)columns : 1},
                          .mult = 0.013f,
                          .act_min = -128,
                          .act_max = 100};
    KernelCase c = kernel_case(EDGE_OP_REDUCE, &p);
    int32_t first = add_operand(&c, 2, (uint32_t[]){rows, columns}) == EDGE_S16 ? INT16_MIN : INT8_MIN;
    case_output(&c, case_pick(0, 1) ? EDGE_S8 : EDGE_S16, 1, &outer, 1.0f, 7);
    ck_assert(case_agrees(&c));
    for (uint32_t o = 0; o < outer; o++) {
      int64_t sum = 0;
      int32_t most = first, least = -1 - first;
      for (uint32_t k = 0; k < inner; k++) {
        int32_t code = case_code(&c, 0, (int64_t)o * p.outer_stride[0] + (int64_t)k * p.inner_stride[0]);
        sum += code - c.info[0].zero_point;
        most = code > most ? code : most;
        least = code < least ? code : least;
      }
      int32_t expected = requantize((float)sum * p.mult, 7, (EdgeType)c.info[OUTPUT].type, -128, 100);
      if (kind == EDGE_REDUCE_MAX) expected = clamp(most, -128, 100);
      if (kind == EDGE_REDUCE_MIN) expected = clamp(least, -128, 100);
      ck_assert_int_eq(case_code(&c, OUTPUT, o), expected);
    }
    case_free(&c);
  }
}
END_TEST

/* The middle axis, so that rows are strided; units that fit 32 bits and that do not. */
START_TEST(softmax_is_the_definition) {
  case_seed(4);
  for (int i = 0; i < 40; i++) {
    uint32_t length = (uint32_t)case_pick(1, 50), inner = (uint32_t)case_pick(1, 3);
    uint32_t dims[3] = {2, length, inner};
    EdgeType type = i % 2 ? EDGE_S16 : EDGE_S8;
    EdgeSoftmaxParams p = {2, (int32_t)length, (int32_t)inner, type == EDGE_S16 ? 32768 : 256};
    KernelCase c = kernel_case(EDGE_OP_SOFTMAX, &p);
    case_input(&c, EDGE_S8, EDGE_ARENA, 3, dims, 1.0f, 0);
    int32_t *table = case_input(&c, EDGE_S32, EDGE_CONSTANT, 1, (uint32_t[]){256}, 0.0f, 0);
    for (int d = 0; d < 256; d++) table[d] = (int32_t)(exp(-0.03 * d) * (1 << 25));
    case_output(&c, type, 3, dims, 1.0f, type == EDGE_S16 ? 0 : -128);
    ck_assert(case_agrees(&c));
    for (uint32_t k = 0; k < c.info[OUTPUT].elements; k++) {
      uint32_t first = k / (length * inner) * length * inner + k % inner;
      int32_t most = -128;
      int64_t sum = 0;
      for (uint32_t j = 0; j < length; j++) {
        int32_t code = case_code(&c, 0, first + j * inner);
        most = code > most ? code : most;
      }
      for (uint32_t j = 0; j < length; j++) sum += table[most - case_code(&c, 0, first + j * inner)];
      int64_t share = ((int64_t)table[most - case_code(&c, 0, k)] * p.unit + sum / 2) / sum;
      int32_t low = type == EDGE_S16 ? INT16_MIN : INT8_MIN, high = type == EDGE_S16 ? INT16_MAX : INT8_MAX;
      ck_assert_int_eq(case_code(&c, OUTPUT, k),
                       clamp((int32_t)share + c.info[OUTPUT].zero_point, low, high));
    }
    case_free(&c);
  }
}
END_TEST

START_TEST(layernorm_is_the_definition) {
  case_seed(5);
  for (int i = 0; i < 40; i++) {
    uint32_t length = (uint32_t)case_pick(1, 90), dims[2] = {3, length};
    EdgeNormParams p = {3, (int32_t)length, i % 4 == 0 ? 0.0f : 10.0f};
    KernelCase c = kernel_case(EDGE_OP_LAYERNORM, &p);
    EdgeType type = add_operand(&c, 2, dims);
    const float *gamma = case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &length, 0.0f, 0);
    const float *beta = case_input(&c, EDGE_F32, EDGE_CONSTANT, 1, &length, 0.0f, 0);
    case_output(&c, EDGE_S8, 2, dims, 1.0f, -4);
    if (i == 0)
      memset(case_data(&c, 0), 17,
             length * (type == EDGE_S16 ? 2 : 1)); /* no variance, no epsilon: every quotient is 0 */
    ck_assert(case_agrees(&c));
    for (uint32_t k = 0; k < 3 * length; k++) {
      int64_t s1 = 0, s2 = 0, first = k / length * length;
      for (uint32_t j = 0; j < length; j++) {
        int64_t x = case_code(&c, 0, first + j);
        s1 += x;
        s2 += x * x;
      }
      float root = sqrtf((float)(length * s2 - s1 * s1) + p.epsilon);
      float quotient = root > 0.0f ? (float)((int64_t)length * case_code(&c, 0, k) - s1) / root : 0.0f;
      float value = quotient * gamma[k % length];
      value += beta[k % length];
      ck_assert_int_eq(case_code(&c, OUTPUT, k), requantize(value, -4, EDGE_S8, -128, 127));
    }
    case_free(&c);
  }
}
END_TEST

/* ---- products ---- */

START_TEST(matmul_is_the_definition) {
  case_seed(6);
  for (int i = 0; i < 60; i++) {
    uint32_t m = (uint32_t)case_pick(1, 9), k = (uint32_t)case_pick(1, 70), n = (uint32_t)case_pick(1, 80);
    EdgeMatmulParams p = {.m = (int32_t)m,
                          .k = (int32_t)k,
                          .n = (int32_t)n,
                          .b_transposed = case_pick(0, 1),
                          .batch_rank = 1,
                          .batch = {2},
                          .a_stride = {1},
                          .b_stride = {case_pick(0, 1)},
                          .mult = 0.003f,
                          .act_min = -128,
                          .act_max = 110};
    KernelCase c = kernel_case(EDGE_OP_MATMUL, &p);
    if (add_operand(&c, 3, (uint32_t[]){2, m, k}) == EDGE_S16) p.mult /= 256;
    if (add_operand(&c, 3, (uint32_t[]){2, k, n}) == EDGE_S16) p.mult /= 256;
    case_output(&c, case_pick(0, 2) == 0 ? EDGE_S16 : EDGE_S8, 3, (uint32_t[]){2, m, n}, 1.0f, 9);
    ck_assert(case_agrees(&c));
    for (uint32_t e = 0; e < 2 * m * n; e++) {
      uint32_t column = e % n, row = e / n % m, batch = e / n / m;
      int64_t sum = 0;
      for (uint32_t j = 0; j < k; j++) {
        uint32_t at =
            batch * (uint32_t)p.b_stride[0] * k * n + (p.b_transposed ? column * k + j : j * n + column);
        int64_t a = case_code(&c, 0, (batch * m + row) * k + j) - c.info[0].zero_point;
        sum += a * (case_code(&c, 1, at) - c.info[1].zero_point);
      }
      EdgeType type = (EdgeType)c.info[OUTPUT].type;
      ck_assert_int_eq(case_code(&c, OUTPUT, e), requantize((float)sum * p.mult, 9, type, -128, 110));
    }
    case_free(&c);
  }
}
END_TEST

/* 33025 products of 255 * 255 are the most that fit. */
START_TEST(matmul_depth_is_limited) {
  EdgeMatmulParams p = {.m = 1, .k = 33025, .n = 1, .mult = 1e-6f, .act_min = -128, .act_max = 127};
  KernelCase c = kernel_case(EDGE_OP_MATMUL, &p);
  for (int i = 0; i < 2; i++)
    memset(case_input(&c, EDGE_S8, EDGE_ARENA, 1, (uint32_t[]){33026}, 1.0f, 127), -128, 33026);
  case_output(&c, EDGE_S8, 1, (uint32_t[]){1}, 1.0f, -128);
  ck_assert(case_agrees(&c));
  ck_assert_int_eq(case_code(&c, OUTPUT, 0), 127);
  p.k = 33026;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

/* ---- conversions ---- */

START_TEST(quantize_rounds_to_even_and_saturates) {
  const float x[8] = {0.5f, 1.5f, -0.5f, -1.5f, 1e30f, -INFINITY, NAN, 2.4999f};
  const int8_t expected[8] = {10, 12, 10, 8, 127, -128, 10, 12};
  uint32_t eight = 8;
  KernelCase c = kernel_case(EDGE_OP_QUANTIZE, NULL);
  memcpy(case_input(&c, EDGE_F32, EDGE_ARENA, 1, &eight, 0.0f, 0), x, sizeof x);
  case_output(&c, EDGE_S8, 1, &eight, 1.0f, 10);
  ck_assert(case_agrees(&c));
  ck_assert_mem_eq(case_data(&c, OUTPUT), expected, 8);
  case_free(&c);
}
END_TEST

START_TEST(cast_truncates_and_saturates) {
  const float x[6] = {1.9f, -1.9f, 3e9f, -3e9f, NAN, 0.1f};
  const int32_t whole[6] = {1, -1, INT32_MAX, INT32_MIN, 0, 0};
  const int8_t bytes[6] = {1, -1, 127, -128, 0, 0};
  const uint8_t is_true[6] = {1, 1, 1, 1, 1, 1};
  const void *expected[3] = {whole, bytes, is_true};
  const EdgeType types[3] = {EDGE_S32, EDGE_S8, EDGE_BOOL};
  uint32_t six = 6;
  for (int i = 0; i < 3; i++) {
    KernelCase c = kernel_case(EDGE_OP_CAST, NULL);
    memcpy(case_input(&c, EDGE_F32, EDGE_ARENA, 1, &six, 0.0f, 0), x, sizeof x);
    case_output(&c, types[i], 1, &six, 0.0f, 0);
    ck_assert(case_agrees(&c));
    ck_assert_mem_eq(case_data(&c, OUTPUT), expected[i], case_output_bytes(&c));
    case_free(&c);
  }
}
END_TEST

/* ---- moves ---- */

START_TEST(copy_follows_its_strides) {
  EdgeCopyParams p = {
      .rank = 2, .dims = {3, 2}, .x_stride = {1, 3}, .y_stride = {-2, 1}, .x_offset = 0, .y_offset = 4};
  KernelCase c = kernel_case(EDGE_OP_COPY, &p);
  memcpy(case_input(&c, EDGE_S8, EDGE_ARENA, 1, (uint32_t[]){6}, 0.0f, 0), "abcdef", 6);
  case_output(&c, EDGE_S8, 1, (uint32_t[]){7}, 0.0f, 0);
  ck_assert(case_agrees(&c));
  ck_assert_mem_eq(case_data(&c, OUTPUT), "cfbeadZ", 7); /* Z is 0x5a: not written */
  p.x_offset = 1;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  p.x_offset = 0;
  p.y_offset = 3;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

START_TEST(gather_reads_rows_and_refuses_others) {
  EdgeGatherParams p = {1, 3, 2};
  KernelCase c = kernel_case(EDGE_OP_GATHER, &p);
  memcpy(case_input(&c, EDGE_S8, EDGE_ARENA, 2, (uint32_t[]){3, 2}, 0.0f, 0), "aabbcc", 6);
  int64_t *index = case_input(&c, EDGE_S64, EDGE_ARENA, 1, (uint32_t[]){2}, 0.0f, 0);
  case_output(&c, EDGE_S8, 2, (uint32_t[]){2, 2}, 0.0f, 0);
  memcpy(index, (int64_t[]){2, -3}, 16);
  ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
  ck_assert_mem_eq(case_data(&c, OUTPUT), "ccaa", 4);
  const int64_t bad[4] = {3, -4, INT64_MAX, INT64_MIN};
  for (int i = 0; i < 4; i++) {
    index[1] = bad[i];
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_BAD_INDEX);
  }
  case_free(&c);
}
END_TEST

START_TEST(argmax_takes_first_or_last) {
  const int8_t x[8] = {1, 5, 5, -3, -7, -7, 0, 0};
  const int32_t expected[2][2][2] = {{{1, 2}, {2, 3}}, {{3, 0}, {3, 1}}}; /* smallest, last, row */
  for (int i = 0; i < 4; i++) {
    EdgeArgmaxParams p = {2, 4, 1, i & 1, i >> 1};
    KernelCase c = kernel_case(EDGE_OP_ARGMAX, &p);
    memcpy(case_input(&c, EDGE_S8, EDGE_ARENA, 2, (uint32_t[]){2, 4}, 0.0f, 0), x, 8);
    case_output(&c, EDGE_S32, 1, (uint32_t[]){2}, 0.0f, 0);
    ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
    ck_assert_mem_eq(case_data(&c, OUTPUT), expected[i >> 1][i & 1], 8);
    case_free(&c);
  }
}
END_TEST

START_TEST(resize_interpolates) {
  EdgeResizeParams p = {1, 2, 1, 3};
  KernelCase c = kernel_case(EDGE_OP_RESIZE_LINEAR, &p);
  memcpy(case_input(&c, EDGE_S8, EDGE_ARENA, 1, (uint32_t[]){2}, 0.0f, 0), (int8_t[]){-100, 51}, 2);
  int32_t *index = case_input(&c, EDGE_S32, EDGE_CONSTANT, 2, (uint32_t[]){3, 2}, 0.0f, 0);
  int32_t *weight = case_input(&c, EDGE_S32, EDGE_CONSTANT, 2, (uint32_t[]){3, 2}, 0.0f, 0);
  case_output(&c, EDGE_S8, 1, (uint32_t[]){3}, 0.0f, 0);
  memcpy(index, (int32_t[]){0, 1, 0, 1, 1, 1}, 24);
  memcpy(weight, (int32_t[]){2048, 0, 1024, 1024, 3, 2045}, 24);
  ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
  ck_assert_mem_eq(case_data(&c, OUTPUT), ((int8_t[]){-100, -24, 51}), 3); /* -24.5 goes up */
  weight[0]++;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  weight[0]--;
  index[5] = 2;
  ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
  case_free(&c);
}
END_TEST

Suite *suite_runtime_kernels(void) {
  Suite *suite = suite_create("runtime_kernels");
  TCase *tests = tcase_create("kernels");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, binary_is_the_definition, EDGE_OP_ADD, EDGE_OP_MINIMUM + 1);
  tcase_add_loop_test(tests, pooling_is_the_definition, EDGE_OP_MAXPOOL, EDGE_OP_AVGPOOL + 1);
  tcase_add_test(tests, reduce_is_the_definition);
  tcase_add_test(tests, softmax_is_the_definition);
  tcase_add_test(tests, layernorm_is_the_definition);
  tcase_add_test(tests, matmul_is_the_definition);
  tcase_add_test(tests, matmul_depth_is_limited);
  tcase_add_test(tests, quantize_rounds_to_even_and_saturates);
  tcase_add_test(tests, cast_truncates_and_saturates);
  tcase_add_test(tests, copy_follows_its_strides);
  tcase_add_test(tests, gather_reads_rows_and_refuses_others);
  tcase_add_test(tests, argmax_takes_first_or_last);
  tcase_add_test(tests, resize_interpolates);
  suite_add_tcase(suite, tests);
  return suite;
}
