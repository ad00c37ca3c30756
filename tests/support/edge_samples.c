#include "tests/support/edge_samples.h"

#include <math.h>
#include <string.h>

/* ---- operands ---- */

static int input(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, int32_t zero_point) {
  float scale = type == EDGE_S8 || type == EDGE_S16 ? 0.05f : 0.0f;
  int tensor = builder_arena(b, type, rank, dims, scale, zero_point);
  builder_input(b, tensor, "x");
  return tensor;
}

static int output(EdgeBuilder *b, EdgeType type, uint32_t rank, const uint32_t *dims, int32_t zero_point) {
  int tensor =
      builder_arena(b, type, rank, dims, type == EDGE_S8 || type == EDGE_S16 ? 0.1f : 0.0f, zero_point);
  builder_output(b, tensor, "y");
  return tensor;
}

static int constant_s8(EdgeBuilder *b, uint32_t rank, const uint32_t *dims) {
  int8_t data[1024];
  for (int i = 0; i < 1024; i++) data[i] = (int8_t)(i * 37 % 255 - 127);
  return builder_constant(b, EDGE_S8, rank, dims, data);
}

static int constant_s32(EdgeBuilder *b, uint32_t count, int32_t factor) {
  int32_t data[64];
  for (int i = 0; i < 64; i++) data[i] = (i * 29 % 64 - 32) * factor;
  return builder_constant(b, EDGE_S32, 1, &count, data);
}

static int constant_s64(EdgeBuilder *b, uint32_t count) {
  int64_t data[64];
  for (int i = 0; i < 64; i++) data[i] = (int64_t)(i * 29 % 64 - 32) << 20;
  return builder_constant(b, EDGE_S64, 1, &count, data);
}

static int constant_s16(EdgeBuilder *b, uint32_t count) {
  int16_t data[1024];
  for (int i = 0; i < 1024; i++) data[i] = (int16_t)(i * 12347);
  return builder_constant(b, EDGE_S16, 1, &count, data);
}

static int constant_f32(EdgeBuilder *b, uint32_t rank, const uint32_t *dims, float factor) {
  float data[1024];
  for (int i = 0; i < 1024; i++) data[i] = (float)(i * 29 % 64 - 20) * factor;
  return builder_constant(b, EDGE_F32, rank, dims, data);
}

/* ---- programs ---- */

#define OP(name, output, params, size, ...)                                                                  \
  builder_op(b, EDGE_OP_##name, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__},     \
             output, params, size)

static const uint32_t image[4] = {1, 5, 6, 20}, small_image[4] = {1, 3, 3, 20}, pair[2] = {6, 20};

/* Any bytes are int4 weights; the number of elements must be even. */
static int constant_s4(EdgeBuilder *b, uint32_t rank, const uint32_t *dims) {
  uint8_t pairs[1024];
  for (int i = 0; i < 1024; i++) pairs[i] = (uint8_t)(i * 37 % 255);
  return builder_constant(b, EDGE_S4, rank, dims, pairs);
}

/* A matrix product of int4 weights in two runs with factors. */
static void sample_conv_factors(EdgeBuilder *b) {
  EdgeConvParams p = {1, 1, 1, 1, 0, 0, 1, -128, 100, 5};
  uint8_t numbers[6] = {1, 255, 17, 2, 90, 33};
  int x = input(b, EDGE_S8, 4, (uint32_t[]){1, 1, 5, 32}, -3),
      w = constant_s4(b, 4, (uint32_t[]){3, 1, 1, 32});
  int bias = constant_s32(b, 3, 100), mult = constant_f32(b, 1, (uint32_t[]){3}, 1e-5f);
  int factors = builder_constant(b, EDGE_U8, 2, (uint32_t[]){3, 2}, numbers);
  int y = output(b, EDGE_S8, 4, (uint32_t[]){1, 1, 5, 3}, 5);
  OP(CONV, y, &p, sizeof p, x, w, bias, mult, -1, factors);
}

static void sample_conv(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 1, -128, 100, 5};
  int x = input(b, EDGE_S8, 4, image, -3), w = constant_s8(b, 4, (uint32_t[]){5, 3, 3, 20});
  int bias = constant_s32(b, 5, 100), mult = constant_f32(b, 1, (uint32_t[]){5}, 1e-5f);
  int table = constant_s8(b, 1, (uint32_t[]){256}), y = output(b, EDGE_S8, 4, (uint32_t[]){1, 3, 3, 5}, 5);
  OP(CONV, y, &p, sizeof p, x, w, bias, mult, table);
  OP(CONV, output(b, EDGE_S8, 4, (uint32_t[]){1, 3, 3, 5}, 5), &p, sizeof p, x,
     constant_s4(b, 4, (uint32_t[]){5, 3, 3, 20}), bias, mult);
  sample_conv_factors(b);
  int wide = input(b, EDGE_S16, 4, image, -300), wide_bias = constant_s64(b, 5);
  OP(CONV, output(b, EDGE_S8, 4, (uint32_t[]){1, 3, 3, 5}, 5), &p, sizeof p, wide, w, wide_bias,
     constant_f32(b, 1, (uint32_t[]){5}, 1e-7f), table);
}

static void sample_dwconv(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 20, -128, 100, 5};
  int x = input(b, EDGE_S8, 4, image, -3), w = constant_s8(b, 3, (uint32_t[]){3, 3, 20});
  int bias = constant_s32(b, 20, 100), mult = constant_f32(b, 1, (uint32_t[]){20}, 1e-4f);
  int y = output(b, EDGE_S16, 4, small_image, 5);
  OP(DWCONV, y, &p, sizeof p, x, w, bias, mult);
  OP(DWCONV, output(b, EDGE_S16, 4, small_image, 5), &p, sizeof p, x,
     constant_s4(b, 3, (uint32_t[]){3, 3, 20}), bias, mult);
  int wide = input(b, EDGE_S16, 4, image, -300);
  OP(DWCONV, output(b, EDGE_S16, 4, small_image, 5), &p, sizeof p, wide, w, constant_s64(b, 20),
     constant_f32(b, 1, (uint32_t[]){20}, 1e-7f));
}

static const EdgeMatmulParams matmul = {.m = 6,
                                        .k = 20,
                                        .n = 6,
                                        .b_transposed = 1,
                                        .batch_rank = 1,
                                        .batch = {2},
                                        .a_stride = {0},
                                        .b_stride = {0},
                                        .mult = 0.002f,
                                        .act_min = -128,
                                        .act_max = 127};

static void sample_matmul(EdgeBuilder *b) {
  int x = input(b, EDGE_S8, 2, pair, 4), y = output(b, EDGE_S8, 3, (uint32_t[]){2, 6, 6}, 1);
  OP(MATMUL, y, &matmul, sizeof matmul, x, x);
  int wide = input(b, EDGE_S16, 2, pair, 4);
  OP(MATMUL, output(b, EDGE_S16, 3, (uint32_t[]){2, 6, 6}, 1), &matmul, sizeof matmul, wide, x);
}

/* The second one with an operand of 16 bits. */
static void binary(EdgeBuilder *b, EdgeOpcode opcode, float mult) {
  EdgeBinaryParams p = {.rank = 2,
                        .dims = {6, 20},
                        .a_stride = {20, 1},
                        .b_stride = {0, 1},
                        .a_mult = mult,
                        .b_mult = -0.7f,
                        .act_min = -100,
                        .act_max = 90,
                        .pre_zero_point = 2};
  int x = input(b, EDGE_S8, 2, pair, 4), table = constant_s8(b, 1, (uint32_t[]){256});
  int y = output(b, EDGE_S8, 2, pair, 1), inputs[3] = {x, x, table};
  builder_op(b, opcode, 3, inputs, y, &p, sizeof p);
  p.a_mult *= 0x1p-8f;
  int wide = input(b, EDGE_S16, 2, pair, -1000), wide_inputs[2] = {wide, x};
  builder_op(b, opcode, 2, wide_inputs, output(b, EDGE_S16, 2, pair, 1), &p, sizeof p);
}

static void sample_add(EdgeBuilder *b) {
  binary(b, EDGE_OP_ADD, 0.4f);
}

static void sample_mul(EdgeBuilder *b) {
  binary(b, EDGE_OP_MUL, 0.01f);
}

static void sample_maximum(EdgeBuilder *b) {
  binary(b, EDGE_OP_MAXIMUM, 0.6f);
}

static void sample_minimum(EdgeBuilder *b) {
  binary(b, EDGE_OP_MINIMUM, 0.6f);
}

static const EdgePoolParams pool = {3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0.8f, -100, 100};

static void sample_maxpool(EdgeBuilder *b) {
  int x = input(b, EDGE_S8, 4, image, 4), y = output(b, EDGE_S8, 4, small_image, 4);
  OP(MAXPOOL, y, &pool, sizeof pool, x);
  OP(MAXPOOL, output(b, EDGE_S16, 4, small_image, 4), &pool, sizeof pool, input(b, EDGE_S16, 4, image, 4));
}

static void sample_avgpool(EdgeBuilder *b) {
  int x = input(b, EDGE_S8, 4, image, 4), y = output(b, EDGE_S8, 4, small_image, 0);
  OP(AVGPOOL, y, &pool, sizeof pool, x);
  OP(AVGPOOL, output(b, EDGE_S16, 4, small_image, 4), &pool, sizeof pool, input(b, EDGE_S16, 4, image, 4));
}

static EdgeReduceParams reduce_of(EdgeReduceKind kind, float mult) {
  return (EdgeReduceParams){.kind = (int32_t)kind,
                            .outer_rank = 1,
                            .outer_dims = {20},
                            .outer_stride = {1},
                            .inner_rank = 1,
                            .inner_dims = {6},
                            .inner_stride = {20},
                            .mult = mult,
                            .act_min = -128,
                            .act_max = 127};
}

static void sample_reduce(EdgeBuilder *b) {
  EdgeReduceParams mean = reduce_of(EDGE_REDUCE_MEAN, 0.1f), most = reduce_of(EDGE_REDUCE_MAX, 1.0f);
  int x = input(b, EDGE_S8, 2, pair, 4);
  OP(REDUCE, output(b, EDGE_S8, 1, pair + 1, 4), &mean, sizeof mean, x);
  OP(REDUCE, output(b, EDGE_S8, 1, pair + 1, 4), &most, sizeof most, x);
  int wide = input(b, EDGE_S16, 2, pair, 4);
  OP(REDUCE, output(b, EDGE_S16, 1, pair + 1, 4), &mean, sizeof mean, wide);
  OP(REDUCE, output(b, EDGE_S8, 1, pair + 1, 4), &most, sizeof most, wide);
}

static void sample_table(EdgeBuilder *b) {
  int x = input(b, EDGE_S8, 2, pair, 4), table = constant_s8(b, 1, (uint32_t[]){256});
  OP(TABLE, output(b, EDGE_S8, 2, pair, 4), NULL, 0, x, table);
  int wide = input(b, EDGE_S16, 2, pair, 4), nodes = constant_s16(b, 513);
  OP(TABLE, output(b, EDGE_S8, 2, pair, 4), NULL, 0, wide, nodes);
  OP(TABLE, output(b, EDGE_S16, 2, pair, 4), NULL, 0, wide, nodes);
  OP(TABLE, output(b, EDGE_S16, 2, pair, 4), NULL, 0, wide, constant_s16(b, 515));
}

static void sample_quantize(EdgeBuilder *b) {
  OP(QUANTIZE, output(b, EDGE_S16, 2, pair, 100), NULL, 0, input(b, EDGE_F32, 2, pair, 0));
}

static void sample_dequantize(EdgeBuilder *b) {
  OP(DEQUANTIZE, output(b, EDGE_F32, 2, pair, 0), NULL, 0, input(b, EDGE_S8, 2, pair, 100));
}

static void sample_cast(EdgeBuilder *b) {
  int x = input(b, EDGE_F32, 2, pair, 0), whole = output(b, EDGE_S64, 2, pair, 0);
  OP(CAST, whole, NULL, 0, x);
  OP(CAST, output(b, EDGE_U8, 2, pair, 0), NULL, 0, whole);
}

static void sample_copy(EdgeBuilder *b) {
  EdgeCopyParams p = {.rank = 2, .dims = {20, 6}, .x_stride = {1, 20}, .y_stride = {6, -1}, .y_offset = 5};
  OP(COPY, output(b, EDGE_S8, 2, (uint32_t[]){20, 6}, 0), &p, sizeof p, input(b, EDGE_S8, 2, pair, 0));
}

static void sample_fill(EdgeBuilder *b) {
  EdgeFillParams p = {-5};
  int y = output(b, EDGE_S64, 2, pair, 0);
  builder_op(b, EDGE_OP_FILL, 0, NULL, y, &p, sizeof p);
}

static void sample_gather(EdgeBuilder *b) {
  EdgeGatherParams p = {1, 6, 20};
  int x = input(b, EDGE_S8, 2, pair, 0), indices = input(b, EDGE_S64, 1, (uint32_t[]){3}, 0);
  OP(GATHER, output(b, EDGE_S8, 2, (uint32_t[]){3, 20}, 0), &p, sizeof p, x, indices);
}

static void sample_softmax(EdgeBuilder *b) {
  EdgeSoftmaxParams p = {6, 20, 1, 256};
  int32_t table[256];
  uint32_t count = 256;
  for (int i = 0; i < 256; i++) table[i] = (int32_t)(exp(-0.05 * i) * (1 << 20));
  int x = input(b, EDGE_S8, 2, pair, 0), exponentials = builder_constant(b, EDGE_S32, 1, &count, table);
  OP(SOFTMAX, output(b, EDGE_S8, 2, pair, -128), &p, sizeof p, x, exponentials);
  int32_t steps[512];
  count = 512;
  for (int i = 0; i < 256; i++) {
    steps[i] = table[i];
    steps[256 + i] = (int32_t)(exp(-0.05 / 256 * i) * (1 << 30));
  }
  int wide = input(b, EDGE_S16, 2, pair, 0),
      wide_exponentials = builder_constant(b, EDGE_S32, 1, &count, steps);
  OP(SOFTMAX, output(b, EDGE_S16, 2, pair, 0), &p, sizeof p, wide, wide_exponentials);
}

static void sample_layernorm(EdgeBuilder *b) {
  EdgeNormParams p = {6, 20, 3.0f};
  int x = input(b, EDGE_S8, 2, pair, 0), gamma = constant_f32(b, 1, pair + 1, 1.0f);
  int beta = constant_f32(b, 1, pair + 1, 0.5f);
  OP(LAYERNORM, output(b, EDGE_S8, 2, pair, 3), &p, sizeof p, x, gamma, beta);
  OP(LAYERNORM, output(b, EDGE_S16, 2, pair, 3), &p, sizeof p, input(b, EDGE_S16, 2, pair, 0), gamma, beta);
}

static void sample_resize_linear(EdgeBuilder *b) {
  EdgeResizeParams p = {1, 6, 20, 4};
  const int32_t places[8] = {0, 1, 1, 2, 3, 4, 5, 5}, weights[8] = {2048, 0, 1024, 1024, 5, 2043, 0, 2048};
  uint32_t dims[2] = {4, 2};
  int x = input(b, EDGE_S8, 2, pair, 0), index = builder_constant(b, EDGE_S32, 2, dims, places);
  int weight = builder_constant(b, EDGE_S32, 2, dims, weights);
  OP(RESIZE_LINEAR, output(b, EDGE_S8, 2, (uint32_t[]){4, 20}, 0), &p, sizeof p, x, index, weight);
  int wide = input(b, EDGE_S16, 2, pair, 0);
  OP(RESIZE_LINEAR, output(b, EDGE_S16, 2, (uint32_t[]){4, 20}, 0), &p, sizeof p, wide, index, weight);
}

static void sample_argmax(EdgeBuilder *b) {
  EdgeArgmaxParams p = {6, 20, 1, 0, 0};
  OP(ARGMAX, output(b, EDGE_S64, 1, pair, 0), &p, sizeof p, input(b, EDGE_S8, 2, pair, 0));
  OP(ARGMAX, output(b, EDGE_S64, 1, pair, 0), &p, sizeof p, input(b, EDGE_S16, 2, pair, 0));
}

static void sample_select(EdgeBuilder *b) {
  EdgeSelectParams p = {
      .rank = 2, .dims = {6, 20}, .c_stride = {0, 1}, .a_stride = {20, 1}, .b_stride = {0, 0}};
  int condition = input(b, EDGE_BOOL, 1, pair + 1, 0), x = input(b, EDGE_S8, 2, pair, 0);
  OP(SELECT, output(b, EDGE_S8, 2, pair, 0), &p, sizeof p, condition, x, x);
}

static void sample_binary_f32(EdgeBuilder *b) {
  int x = input(b, EDGE_F32, 2, pair, 0), i = input(b, EDGE_S32, 2, pair, 0);
  for (int32_t kind = 0; kind < EDGE_BINARY_KINDS; kind++) {
    EdgeBinaryF32Params p = {
        .kind = kind, .rank = 2, .dims = {6, 20}, .a_stride = {20, 1}, .b_stride = {0, 1}};
    EdgeType type = kind >= EDGE_BINARY_EQUAL ? EDGE_BOOL : EDGE_F32;
    OP(BINARY_F32, output(b, type, 2, pair, 0), &p, sizeof p, x, x);
    type = kind >= EDGE_BINARY_EQUAL ? EDGE_BOOL : EDGE_S32;
    if (kind == EDGE_BINARY_SUB || kind == EDGE_BINARY_LESS)
      OP(BINARY_F32, output(b, type, 2, pair, 0), &p, sizeof p, i, i);
  }
}

static void sample_unary_f32(EdgeBuilder *b) {
  int x = input(b, EDGE_F32, 2, pair, 0);
  for (int32_t kind = 0; kind < EDGE_UNARY_KINDS; kind++) {
    EdgeUnaryF32Params p = {kind, 0.25f, 0.5f};
    OP(UNARY_F32, output(b, EDGE_F32, 2, pair, 0), &p, sizeof p, x);
  }
}

static void sample_reduce_f32(EdgeBuilder *b) {
  int x = input(b, EDGE_F32, 2, pair, 0);
  for (int kind = EDGE_REDUCE_SUM; kind <= EDGE_REDUCE_PROD; kind++) {
    EdgeReduceParams p = reduce_of((EdgeReduceKind)kind, 1.0f);
    OP(REDUCE_F32, output(b, EDGE_F32, 1, pair + 1, 0), &p, sizeof p, x);
  }
}

static void sample_softmax_f32(EdgeBuilder *b) {
  EdgeSoftmaxF32Params p = {6, 20, 1, 0}, log = {6, 20, 1, 1};
  int x = input(b, EDGE_F32, 2, pair, 0);
  OP(SOFTMAX_F32, output(b, EDGE_F32, 2, pair, 0), &p, sizeof p, x);
  OP(SOFTMAX_F32, output(b, EDGE_F32, 2, pair, 0), &log, sizeof log, x);
}

static void sample_lrn_f32(EdgeBuilder *b) {
  EdgeLrnParams p = {6, 20, 5, 0.01f, 0.75f, 1.0f};
  OP(LRN_F32, output(b, EDGE_F32, 2, pair, 0), &p, sizeof p, input(b, EDGE_F32, 2, pair, 0));
}

static void sample_conv_f32(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 2, 0, 0, 0};
  int x = input(b, EDGE_F32, 4, image, 0), w = constant_f32(b, 4, (uint32_t[]){10, 3, 3, 10}, 0.1f);
  int bias = constant_f32(b, 1, (uint32_t[]){10}, 1.0f);
  OP(CONV_F32, output(b, EDGE_F32, 4, (uint32_t[]){1, 3, 3, 10}, 0), &p, sizeof p, x, w, bias);
}

static void sample_matmul_f32(EdgeBuilder *b) {
  int x = input(b, EDGE_F32, 2, pair, 0), y = output(b, EDGE_F32, 3, (uint32_t[]){2, 6, 6}, 0);
  OP(MATMUL_F32, y, &matmul, sizeof matmul, x, x);
}

/* Of images in two groups, and a matrix product of int4 weights in two runs with factors. */
static void sample_conv_f32_coded(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 2, 0, 0, 0}, matrix = {1, 1, 1, 1, 0, 0, 1, 0, 0, 0};
  uint8_t numbers[6] = {1, 255, 17, 2, 90, 33};
  int x = input(b, EDGE_F32, 4, image, 0), w = constant_s8(b, 4, (uint32_t[]){10, 3, 3, 10});
  int scale = constant_f32(b, 1, (uint32_t[]){10}, 0.01f), bias = constant_f32(b, 1, (uint32_t[]){10}, 1.0f);
  OP(CONV_F32_CODED, output(b, EDGE_F32, 4, (uint32_t[]){1, 3, 3, 10}, 0), &p, sizeof p, x, w, scale, bias);
  x = input(b, EDGE_F32, 4, (uint32_t[]){1, 1, 5, 32}, 0);
  w = constant_s4(b, 4, (uint32_t[]){3, 1, 1, 32});
  scale = constant_f32(b, 1, (uint32_t[]){3}, 0.01f);
  int factors = builder_constant(b, EDGE_U8, 2, (uint32_t[]){3, 2}, numbers);
  int y = output(b, EDGE_F32, 4, (uint32_t[]){1, 1, 5, 3}, 0);
  OP(CONV_F32_CODED, y, &matrix, sizeof matrix, x, w, scale, -1, factors);
}

static void sample_dwconv_f32_coded(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 20, 0, 0, 0};
  int x = input(b, EDGE_F32, 4, image, 0), w = constant_s8(b, 3, (uint32_t[]){3, 3, 20});
  int scale = constant_f32(b, 1, (uint32_t[]){20}, 0.01f), bias = constant_f32(b, 1, (uint32_t[]){20}, 1.0f);
  OP(DWCONV_F32_CODED, output(b, EDGE_F32, 4, small_image, 0), &p, sizeof p, x, w, scale, bias);
  OP(DWCONV_F32_CODED, output(b, EDGE_F32, 4, small_image, 0), &p, sizeof p, x,
     constant_s4(b, 3, (uint32_t[]){3, 3, 20}), scale);
}

/* To floats from int4 runs with factors, to codes from int8. */
static void sample_gather_coded(EdgeBuilder *b) {
  EdgeGatherCodedParams wide = {6, 32}, p = {6, 20};
  uint8_t numbers[12] = {1, 255, 17, 2, 90, 33, 8, 3, 5, 6, 7, 64};
  int indices = input(b, EDGE_S64, 1, (uint32_t[]){3}, 0);
  int scale = constant_f32(b, 1, (uint32_t[]){6}, 0.01f), w = constant_s4(b, 2, (uint32_t[]){6, 32});
  int factors = builder_constant(b, EDGE_U8, 2, (uint32_t[]){6, 2}, numbers);
  OP(GATHER_CODED, output(b, EDGE_F32, 2, (uint32_t[]){3, 32}, 0), &wide, sizeof wide, w, indices, scale,
     factors);
  w = constant_s8(b, 2, pair);
  OP(GATHER_CODED, output(b, EDGE_S8, 2, (uint32_t[]){3, 20}, 3), &p, sizeof p, w, indices, scale);
}

/* A scale an image, in groups; a scale a pixel, int4 weights in runs; depthwise. */
static void sample_conv_dynamic(EdgeBuilder *b) {
  EdgeConvParams p = {2, 2, 1, 1, 1, 1, 2, 0, 0, 0}, matrix = {1, 1, 1, 1, 0, 0, 1, 0, 0, 0},
                 depthwise = {1, 1, 1, 1, 1, 1, 20, 0, 0, 0};
  uint8_t numbers[6] = {1, 255, 17, 2, 90, 33};
  int x = input(b, EDGE_F32, 4, image, 0), rows = input(b, EDGE_F32, 4, (uint32_t[]){1, 1, 5, 32}, 0);
  int offset = constant_s32(b, 10, 100), scale = constant_f32(b, 1, (uint32_t[]){10}, 1e-3f);
  int bias = constant_f32(b, 1, (uint32_t[]){10}, 1.0f), w = constant_s8(b, 4, (uint32_t[]){10, 3, 3, 10});
  OP(CONV_DYNAMIC, output(b, EDGE_F32, 4, (uint32_t[]){1, 3, 3, 10}, 0), &p, sizeof p, x, w, offset, scale,
     bias);
  int factors = builder_constant(b, EDGE_U8, 2, (uint32_t[]){3, 2}, numbers);
  w = constant_s4(b, 4, (uint32_t[]){3, 1, 1, 32});
  offset = constant_s32(b, 3, 100);
  scale = constant_f32(b, 1, (uint32_t[]){3}, 1e-3f);
  OP(CONV_DYNAMIC, output(b, EDGE_F32, 4, (uint32_t[]){1, 1, 5, 3}, 0), &matrix, sizeof matrix, rows, w,
     offset, scale, -1, factors);
  w = constant_s8(b, 3, (uint32_t[]){3, 3, 20});
  OP(CONV_DYNAMIC, output(b, EDGE_F32, 4, image, 0), &depthwise, sizeof depthwise, x, w,
     constant_s32(b, 20, 100), constant_f32(b, 1, (uint32_t[]){20}, 1e-3f));
}

const EdgeSample edge_samples[] = {
#define X(name, stem, number, least, most, params, is_float, brief) {#name, EDGE_OP_##name, sample_##stem},
    EDGE_OPCODES(X)
#undef X
};
const int edge_sample_count = (int)(sizeof edge_samples / sizeof edge_samples[0]);
