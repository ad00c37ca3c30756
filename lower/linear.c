/* Weights, biases and multipliers of CONV and DWCONV. */
#include "lower/linear.h"

#include "base/wide.h"

#include <float.h>
#include <math.h>

/* Adding and taking away 1.5 * 2^52 rounds a double half to even. */
#define ROUNDER 0x1.8p52

/* What is stored for the outputs. */
typedef struct Packed {
  int8_t *codes; /* [outputs][depth] */
  int64_t *bias; /* stored as int32 where x has 8 bits */
  float *mult;
  int64_t depth, groups; /* groups: of an output, with factors; 0: none */
} Packed;

const float *linear_floats(Builder *b, const Tensor *tensor) {
  if (tensor->type == ELEMENT_FLOAT32) return tensor->data;
  int64_t count = tensor_elements(tensor);
  float *floats = arena_new(&b->scratch, (size_t)count, sizeof(float), b->err);
  if (floats == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t i = 0; i < count; i++) floats[i] = (float)tensor_get(tensor, i);
  return floats;
}

/* [O][C/g][KH][KW] as [O][KH][KW][C/g]. */
const float *linear_conv_rows(Builder *b, const Tensor *weight, int64_t taps) {
  int64_t outputs = weight->shape.dims[0], channels = weight->shape.dims[1];
  float *rows = arena_new(&b->scratch, (size_t)(outputs * channels * taps), sizeof(float), b->err);
  if (rows == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t k = 0; k < taps; k++)
        rows[(o * taps + k) * channels + c] = (float)tensor_get(weight, (o * channels + c) * taps + k);
  return rows;
}

EdgeConvParams linear_conv_params(const Window2 *w, int64_t groups) {
  return (EdgeConvParams){.stride_h = w->stride_h,
                          .stride_w = w->stride_w,
                          .dilation_h = w->dilation_h,
                          .dilation_w = w->dilation_w,
                          .pad_top = w->pad_top,
                          .pad_left = w->pad_left,
                          .groups = (int32_t)groups};
}

static double weight_scale(const Linear *linear, int64_t output, int64_t depth) {
  const QuantSpec *spec = linear->weight;
  if (spec != NULL && spec->kind == QUANT_INTEGER && spec->scale_count > 0)
    return (double)spec->scales[output % spec->scale_count];
  double most = 0;
  for (int64_t k = 0; k < depth; k++) most = fmax(most, fabs((double)linear->rows[output * depth + k]));
  return most < (double)FLT_MIN ? 1.0 : (double)(float)(most / 127.0);
}

static bool has_4_bits(const Linear *linear) {
  const QuantSpec *spec = linear->weight;
  return spec != NULL && spec->kind == QUANT_INTEGER && spec->bits == 4;
}

/* [outputs][groups]: in the order of the specs, if rows are. */
static const uint8_t *factors_of(const Linear *linear) {
  if (linear->factors != NULL) return linear->factors;
  return has_4_bits(linear) && linear->weight->group_size > 0 ? linear->weight->factors : NULL;
}

static double bias_of(const Linear *linear, int64_t output) {
  if (linear->bias == NULL) return 0;
  return linear->bias_factor * tensor_get(linear->bias, tensor_elements(linear->bias) == 1 ? 0 : output);
}

/* Codes of weights with one step; adds the positive and the negative ones to *positive and *negative. */
WIDE_LOOP static void pack_run(const float *row, int64_t count, double step, double most, int8_t *codes,
                               int64_t *positive, int64_t *negative) {
  int64_t plus = 0, minus = 0;
  for (int64_t k = 0; k < count; k++) {
    double code = (double)row[k] / step;
    code = code < -most ? -most : code;
    code = code > most ? most : code;
    codes[k] = (int8_t)(int32_t)((code + ROUNDER) - ROUNDER);
  }
  for (int64_t k = 0; k < count; k++) {
    plus += codes[k] > 0 ? codes[k] : 0;
    minus += codes[k] < 0 ? codes[k] : 0;
  }
  *positive += plus;
  *negative += minus;
}

/* Codes of one output's weights; returns their scale. The sums of the positive and of the negative ones, with
   factors. */
static double pack_row(const Linear *linear, Packed *packed, int64_t output, int64_t *positive,
                       int64_t *negative) {
  double scale = weight_scale(linear, output, packed->depth);
  const float *row = linear->rows + output * packed->depth;
  int8_t *codes = packed->codes + output * packed->depth;
  const uint8_t *factors = factors_of(linear);
  double most = has_4_bits(linear) ? 7 : 127;
  int64_t runs = factors == NULL ? 1 : packed->groups, length = packed->depth / runs;
  *positive = *negative = 0;
  for (int64_t run = 0; run < runs; run++) {
    int factor = factors == NULL ? 1 : factors[output * runs + run];
    int64_t plus = 0, minus = 0;
    pack_run(row + run * length, length, scale * factor, most, codes + run * length, &plus, &minus);
    *positive += plus * factor;
    *negative += minus * factor;
  }
  return scale;
}

/* Codes of one output's weights, its bias and its multiplier; false where its sum could leave int32 (of an x
   of 16 bits: int64). */
static bool pack_output(const Linear *linear, Codes x, Codes y, Packed *packed, int64_t output) {
  int64_t positive, negative;
  double scale = pack_row(linear, packed, output, &positive, &negative);
  double unit = (double)x.scale * scale * linear->factor, bias = rint(bias_of(linear, output) / unit);
  bool wide = x.type == EDGE_S16;
  if (!(fabs(bias) < (wide ? 0x1p62 : 0x1p40))) return false;
  int64_t start = (int64_t)bias - (int64_t)(x.zero_point + (wide ? 0 : 128)) * (positive + negative);
  packed->bias[output] = start;
  packed->mult[output] = (float)(unit / (double)y.scale);
  if (wide) return true; /* the products add up to less than 2^54 */
  return start >= INT32_MIN && start <= INT32_MAX && start + 255 * positive <= INT32_MAX &&
         start + 255 * negative >= INT32_MIN;
}

static bool pack_new(Builder *b, const Linear *linear, Packed *packed) {
  size_t outputs = (size_t)linear->outputs;
  packed->depth = linear->kernel_h * linear->kernel_w * linear->group_channels;
  packed->groups = factors_of(linear) != NULL ? packed->depth / linear->weight->group_size : 0;
  packed->codes = arena_new(&b->scratch, outputs * (size_t)packed->depth, 1, b->err);
  packed->bias = arena_new(&b->scratch, outputs, sizeof(int64_t), b->err);
  packed->mult = arena_new(&b->scratch, outputs, sizeof(float), b->err);
  if (packed->codes != NULL && packed->bias != NULL && packed->mult != NULL) return true;
  b->status = SYSTEM;
  return false;
}

/* A constant of int8 codes, or int4 where the weights have 4 bits: two a byte, the first in the low half. */
static int32_t weight_constant(Builder *b, const Linear *linear, int rank, const uint32_t *dims,
                               const int8_t *codes, int64_t count) {
  if (!has_4_bits(linear)) return build_constant(b, EDGE_S8, rank, dims, codes, 0.0f, 0);
  uint8_t *pairs = arena_new(&b->scratch, (size_t)(count + 1) / 2, 1, b->err);
  if (pairs == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (int64_t i = 0; i < count; i++)
    pairs[i / 2] = (uint8_t)(pairs[i / 2] | (codes[i] & 15) << (i % 2 == 0 ? 0 : 4));
  return build_constant(b, EDGE_S4, rank, dims, pairs, 0.0f, 0);
}

/* [outputs][taps] as [taps][outputs]. */
static int32_t depthwise_weights(Builder *b, const Linear *linear, const Packed *packed) {
  int64_t taps = packed->depth, outputs = linear->outputs;
  int8_t *turned = arena_new(&b->scratch, (size_t)(taps * outputs), 1, b->err);
  if (turned == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t k = 0; k < taps; k++) turned[k * outputs + o] = packed->codes[o * taps + k];
  uint32_t dims[] = {(uint32_t)linear->kernel_h, (uint32_t)linear->kernel_w, (uint32_t)outputs};
  return weight_constant(b, linear, 3, dims, turned, taps * outputs);
}

static int32_t weights(Builder *b, const Linear *linear, const Packed *packed) {
  if (linear->depthwise) return depthwise_weights(b, linear, packed);
  uint32_t dims[] = {(uint32_t)linear->outputs, (uint32_t)linear->kernel_h, (uint32_t)linear->kernel_w,
                     (uint32_t)linear->group_channels};
  return weight_constant(b, linear, 4, dims, packed->codes, linear->outputs * packed->depth);
}

static int32_t bias_constant(Builder *b, Codes x, const int64_t *bias, uint32_t count) {
  if (x.type == EDGE_S16) return build_constant(b, EDGE_S64, 1, &count, bias, 0.0f, 0);
  int32_t *narrow = arena_new(&b->scratch, count, sizeof *narrow, b->err);
  if (narrow == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (uint32_t o = 0; o < count; o++) narrow[o] = (int32_t)bias[o];
  return build_constant(b, EDGE_S32, 1, &count, narrow, 0.0f, 0);
}

void linear_emit(Builder *b, const Linear *linear, const Result *result, int32_t y) {
  Packed packed = {0};
  if (b->status != OK || !pack_new(b, linear, &packed)) return;
  Codes x = codes_of_tensor(b, linear->x);
  for (int64_t o = 0; o < linear->outputs; o++)
    if (!pack_output(linear, x, result->codes, &packed, o)) {
      build_fail(b, UNSUPPORTED,
                 "the sum of output channel %lld could overflow 32 bits: its bias is too large for its "
                 "weights",
                 (long long)o);
      return;
    }
  uint32_t outputs = (uint32_t)linear->outputs;
  int32_t w = weights(b, linear, &packed);
  int32_t bias = bias_constant(b, x, packed.bias, outputs);
  int32_t mult = build_constant(b, EDGE_F32, 1, &outputs, packed.mult, 0.0f, 0);
  int32_t factors = -1;
  if (packed.groups > 0)
    factors = build_constant(b, EDGE_U8, 2, (uint32_t[]){outputs, (uint32_t)packed.groups},
                             factors_of(linear), 0.0f, 0);
  EdgeConvParams params = linear->params;
  params.act_min = result->codes.least;
  params.act_max = result->codes.most;
  params.pre_zero_point = result->codes.zero_point;
  build_emit(b, linear->depthwise ? EDGE_OP_DWCONV : EDGE_OP_CONV,
             INPUTS(linear->x, w, bias, mult, result->table, factors), y, &params, sizeof params);
}

bool linear_is_coded(const Node *node, const QuantSpec *weight) {
  return node->form != FORM_AS_TENSORS && weight != NULL && weight->kind == QUANT_INTEGER;
}

static int32_t float_bias(Builder *b, const Linear *linear) {
  uint32_t outputs = (uint32_t)linear->outputs;
  if (linear->bias == NULL) return -1;
  float *bias = arena_new(&b->scratch, outputs, sizeof *bias, b->err);
  if (bias == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (int64_t o = 0; o < linear->outputs; o++) bias[o] = (float)bias_of(linear, o);
  return build_constant(b, EDGE_F32, 1, &outputs, bias, 0.0f, 0);
}

CodedWeights linear_coded_weights(Builder *b, const Linear *linear) {
  Packed packed = {0};
  CodedWeights coded = {.factors = -1};
  if (b->status != OK || !pack_new(b, linear, &packed)) return coded;
  for (int64_t o = 0; o < linear->outputs; o++) {
    int64_t positive, negative;
    packed.mult[o] = (float)(pack_row(linear, &packed, o, &positive, &negative) * linear->factor);
    packed.bias[o] = (int32_t)(uint32_t)(-128 * (positive + negative));
    if (positive - negative > coded.largest) coded.largest = positive - negative;
  }
  uint32_t outputs = (uint32_t)linear->outputs;
  coded.codes = weights(b, linear, &packed);
  coded.scale = build_constant(b, EDGE_F32, 1, &outputs, packed.mult, 0.0f, 0);
  coded.offset = bias_constant(b, (Codes){.type = EDGE_S8}, packed.bias, outputs);
  if (packed.groups > 0)
    coded.factors = build_constant(b, EDGE_U8, 2, (uint32_t[]){outputs, (uint32_t)packed.groups},
                                   factors_of(linear), 0.0f, 0);
  return coded;
}

static void emit_dynamic(Builder *b, const Linear *linear, const CodedWeights *coded, int32_t bias,
                         int32_t y) {
  if (coded->largest * 127 > INT32_MAX)
    build_fail(b, UNSUPPORTED, "a sum of its products could overflow 32 bits");
  build_emit(b, EDGE_OP_CONV_DYNAMIC,
             INPUTS(linear->x, coded->codes, coded->offset, coded->scale, bias, coded->factors), y,
             &linear->params, sizeof linear->params);
}

void linear_emit_coded(Builder *b, const Linear *linear, int32_t y) {
  CodedWeights coded = linear_coded_weights(b, linear);
  int32_t bias = float_bias(b, linear);
  if (b->node->form == FORM_DYNAMIC)
    emit_dynamic(b, linear, &coded, bias, y);
  else
    build_emit(b, linear->depthwise ? EDGE_OP_DWCONV_F32_CODED : EDGE_OP_CONV_F32_CODED,
               INPUTS(linear->x, coded.codes, coded.scale, bias, coded.factors), y, &linear->params,
               sizeof linear->params);
}

void linear_emit_image(Builder *b, const Linear *linear, const Result *result) {
  uint32_t dims[4];
  layout_image(&result->value->shape, dims);
  int32_t y = result_tensor(b, result, LAYOUT_LAST);
  linear_emit(b, linear, result, build_alias(b, y, 4, dims));
}

bool linear_absorbs_add(const Value *output, int64_t outputs, const Tensor **bias, const Value **sum) {
  if (output->spec == NULL || output->spec->kind != QUANT_INTERNAL || output->user_count != 1) return false;
  const Node *add = output->users[0];
  if (!node_is(add, "Add")) return false;
  const Value *other = add->inputs[0] == output ? add->inputs[1] : add->inputs[0];
  if (other->constant == NULL) return false;
  int64_t count = tensor_elements(other->constant);
  int rank = other->constant->shape.rank;
  if (count != 1 && (count != outputs || other->constant->shape.dims[rank - 1] != outputs)) return false;
  *bias = other->constant;
  *sum = add->outputs[0];
  return true;
}
