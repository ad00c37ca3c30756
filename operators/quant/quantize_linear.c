#include "operators/gradient.h"
#include "operators/quant/quant.h"
#include "operators/reals.h"

#include "base/halves.h"

#include <math.h>

static Status infer_quantize(Infer *infer) {
  const QuantParams *params = infer->params;
  const InferValue *zero_point = infer_input(infer, 2);
  ElementType type = (ElementType)params->output_dtype;
  TRY(quant_check_shapes(infer));
  if (zero_point != NULL && zero_point->type != ELEMENT_NONE) {
    if (type != ELEMENT_NONE && type != zero_point->type)
      return infer_fail(infer, "output_dtype is %s, but the zero point is %s", element_name(type),
                        element_name(zero_point->type));
    type = zero_point->type;
  }
  if (type == ELEMENT_NONE && zero_point == NULL) type = ELEMENT_UINT8;
  if (type != ELEMENT_NONE && !element_in(type, QUANT_CODES))
    return infer_fail(infer, "cannot quantize to %s", element_name(type));
  TRY(infer_same(infer));
  infer->out[0].type = type;
  infer->out[0].has_elements = false;
  return OK;
}

/* The quotient in the type that the division is to have. */
static double divide(float x, float scale, ElementType type) {
  float quotient = x / scale;
  if (type == ELEMENT_FLOAT16) return (double)half_to_float(float_to_half(quotient));
  if (type == ELEMENT_BFLOAT16) return (double)bfloat16_to_float(float_to_bfloat16(quotient));
  return (double)quotient;
}

/* Codes that are floats have no steps: they take the quotient as it is. */
static void set_code(Tensor *y, int64_t i, double quotient, const Tensor *zero_points, int64_t at,
                     bool saturate) {
  if (element_in(y->type, ELEMENTS_NARROW_FLOAT))
    tensor_set_narrow(y, i, quotient + zero_real_at(zero_points, at), POWER_NEAREST, saturate);
  else
    code_set(y, i, quotient, zero_point_at(zero_points, at));
}

static Status plain_quantize(Run *run) {
  const QuantParams *params = run->params;
  const Tensor *x = run->in[0], *scales = run->in[1], *zero_points = run_input(run, 2);
  ElementType precision = params->precision != 0 ? (ElementType)params->precision : scales->type;
  ScaleMap map = scale_map(&x->shape, &scales->shape, params);
  int64_t count = tensor_elements(x);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = scale_index(&map, i);
    double quotient = divide((float)tensor_get(x, i), (float)scale_at(scales, at), precision);
    set_code(run->out[0], i, quotient, zero_points, at, params->saturate != 0);
  }
  return OK;
}

/* Adding and subtracting 1.5 * 2^23 rounds a float of less than 2^22 to the nearest even integer. */
#define ROUNDER 0x1.8p23f

static inline int32_t code_of(float quotient, float low, float high) {
  float within = quotient < low ? low : quotient > high ? high : quotient;
  return (int32_t)((within + ROUNDER) - ROUNDER);
}

static void quantize_int8(const float *x, float scale, int32_t zero_point, int64_t count, int8_t *codes) {
  float low = (float)(INT8_MIN - zero_point), high = (float)(INT8_MAX - zero_point);
  for (int64_t i = 0; i < count; i++) codes[i] = (int8_t)(code_of(x[i] / scale, low, high) + zero_point);
}

static void quantize_uint8(const float *x, float scale, int32_t zero_point, int64_t count, uint8_t *codes) {
  float low = (float)-zero_point, high = (float)(UINT8_MAX - zero_point);
  for (int64_t i = 0; i < count; i++) codes[i] = (uint8_t)(code_of(x[i] / scale, low, high) + zero_point);
}

static bool has_nan(const float *x, int64_t count) {
  bool found = false;
  for (int64_t i = 0; i < count; i++) found |= x[i] != x[i];
  return found;
}

/* Float32 to 8 bits with one scale for all. */
static Status fast_quantize(Run *run) {
  const QuantParams *params = run->params;
  const Tensor *x = run->in[0], *scales = run->in[1];
  Tensor *y = run->out[0];
  int64_t count = tensor_elements(x);
  bool is_common = x->type == ELEMENT_FLOAT32 && scales->type == ELEMENT_FLOAT32 &&
                   tensor_elements(scales) == 1 && params->precision == 0 &&
                   element_in(y->type, QUANT_CODES_8) && !has_nan(x->data, count);
  if (!is_common) return plain_quantize(run);
  int32_t zero_point = (int32_t)zero_point_at(run_input(run, 2), 0);
  float scale = *(const float *)scales->data;
  if (!(scale > 0)) return plain_quantize(run);
  if (y->type == ELEMENT_INT8)
    quantize_int8(x->data, scale, zero_point, count, y->data);
  else
    quantize_uint8(x->data, scale, zero_point, count, y->data);
  return OK;
}

/* Whether a code is not saturated. */
static bool is_within(const Tensor *codes, double quotient, double zero_point) {
  double low, high;
  if (element_in(codes->type, ELEMENTS_NARROW_FLOAT)) return true;
  element_limits(codes->type, &low, &high);
  return quotient + zero_point >= low && quotient + zero_point <= high;
}

/* Rounding counts as the identity, saturation stops the gradient. With DequantizeLinear behind it this trains
   the scale as Esser et al., "Learned step size quantization" (2020), do. */
static Status grad_quantize(Grad *grad) {
  const Tensor *x = grad->run.in[0], *scales = grad->run.in[1], *zero_points = run_input(&grad->run, 2);
  const float *dq = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dscale = grad_of_input(grad, 1), *dzero = grad_of_input(grad, 2);
  ScaleMap map = scale_map(&x->shape, &scales->shape, grad->run.params);
  int64_t count = tensor_elements(x), scale_count = tensor_elements(scales);
  double *sums = reals_new(&grad->run, scale_count);
  if (sums == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < scale_count; i++) sums[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t at = scale_index(&map, i);
    double value = tensor_get(x, i), scale = scale_at(scales, at), quotient = value / scale;
    bool within = is_within(grad->run.out[0], quotient, zero_real_at(zero_points, at));
    if (dx != NULL) dx[i] = within ? (float)((double)dq[i] / scale) : 0.0f;
    if (within) sums[scale_count == 1 ? 0 : at] -= (double)dq[i] * quotient / scale;
  }
  for (int64_t i = 0; dscale != NULL && i < scale_count; i++) dscale[i] = (float)sums[i];
  for (int64_t i = 0; dzero != NULL && i < tensor_elements(zero_points); i++) dzero[i] = 0.0f;
  return OK;
}

#define INPUT_TYPES (QUANT_REALS | ELEMENT_BIT(ELEMENT_INT32))
#define SCALE_TYPES (QUANT_SCALES | ELEMENT_BIT(ELEMENT_INT32))

const Op op_QuantizeLinear = {
    .name = "QuantizeLinear",
    .brief = "Codes of real numbers: x / scale rounded to the nearest even, plus the zero point, saturated.",
    .versions = {{21, infer_quantize, plain_quantize, fast_quantize, grad_quantize},
                 {13, infer_quantize, plain_quantize, fast_quantize, grad_quantize},
                 {10, infer_quantize, plain_quantize, fast_quantize, grad_quantize}},
    .attributes = quant_attributes,
    .params_bytes = sizeof(QuantParams),
    .check = quant_check_params,
    .inputs = {{"x", PORT_REQUIRED, INPUT_TYPES, "[...]"},
               {"y_scale", PORT_REQUIRED, SCALE_TYPES, "[], [D] along `axis`, or [..., D/block, ...]"},
               {"y_zero_point", PORT_OPTIONAL, QUANT_CODES, "[], ... as y_scale"}},
    .outputs = {{"y", PORT_REQUIRED, QUANT_CODES, "[...]"}},
    .straight_through = true,
    .role = ROLE_INDEX,
    .samples = {{"f32[2,3,4](-40,40), f32[]{0.25}!, i8[]{3}!", ""},
                {"f32[2,5]{0,0.5,1.5,-0.5,2.5,-1000,1000,nan,inf,-inf}, f32[]{1}!, u8[]{128}!", ""},
                {"f32[2,3,4](-40,40), f32[3](0.1,1)!, i8[3]!", "axis=1"},
                {"f32[2,5,3](-40,40), f32[2,3,3](0.1,1)!, u8[2,3,3]!", "axis=1 block_size=2"},
                {"f32[2,5,3](-4,4), f32[2,3,3](0.1,1)!, i4[2,3,3]{-1}!", "axis=1 block_size=2"},
                {"f32[7](-4,4), f32[]{0.001}!", "output_dtype=5"},
                {"f16[2,3](-4,4), f16[3]{0.1}!, f8e5m2[3]{0}!", "axis=-1 saturate=0"},
                {"i32[2,3], f32[]{0.5}!, u8[]{100}!", "opset=13"}}};
