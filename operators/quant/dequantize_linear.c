#include "operators/gradient.h"
#include "operators/quant/quant.h"
#include "operators/reals.h"

static Status infer_dequantize(Infer *infer) {
  const QuantParams *params = infer->params;
  TRY(quant_check_shapes(infer));
  if (infer_types_differ(infer, 0, 2)) return infer_fail(infer, "input and zero point differ in type");
  ElementType type = params->output_dtype != 0 ? (ElementType)params->output_dtype : infer->in[1].type;
  if (type != ELEMENT_NONE && !element_in(type, QUANT_REALS))
    return infer_fail(infer, "cannot dequantize to %s", element_name(type));
  TRY(infer_same(infer));
  infer->out[0].type = type;
  infer->out[0].has_elements = false;
  return OK;
}

static Status plain_dequantize(Run *run) {
  const Tensor *x = run->in[0], *scales = run->in[1], *zero_points = run_input(run, 2);
  ScaleMap map = scale_map(&x->shape, &scales->shape, run->params);
  int64_t count = tensor_elements(x);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = scale_index(&map, i);
    float steps = (float)(tensor_get(x, i) - zero_real_at(zero_points, at));
    tensor_set(run->out[0], i, (double)steps * scale_at(scales, at));
  }
  return OK;
}

static void dequantize_int8(const int8_t *x, int32_t zero_point, float scale, int64_t count, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = (float)(x[i] - zero_point) * scale;
}

static void dequantize_uint8(const uint8_t *x, int32_t zero_point, float scale, int64_t count, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = (float)(x[i] - zero_point) * scale;
}

/* 8 bits to float32 with one scale for all. */
static Status fast_dequantize(Run *run) {
  const Tensor *x = run->in[0], *scales = run->in[1];
  Tensor *y = run->out[0];
  if (y->type != ELEMENT_FLOAT32 || scales->type != ELEMENT_FLOAT32 || tensor_elements(scales) != 1 ||
      !element_in(x->type, QUANT_CODES_8))
    return plain_dequantize(run);
  int32_t zero_point = (int32_t)zero_point_at(run_input(run, 2), 0);
  float scale = *(const float *)scales->data;
  if (x->type == ELEMENT_INT8)
    dequantize_int8(x->data, zero_point, scale, tensor_elements(x), y->data);
  else
    dequantize_uint8(x->data, zero_point, scale, tensor_elements(x), y->data);
  return OK;
}

/* Of the codes, of the scales, and of the zero points where they are trained. */
static Status grad_dequantize(Grad *grad) {
  const Tensor *x = grad->run.in[0], *scales = grad->run.in[1], *zero_points = run_input(&grad->run, 2);
  const float *dy = grad_of_output(grad, 0);
  float *dx = grad_of_input(grad, 0), *dscale = grad_of_input(grad, 1), *dzero = grad_of_input(grad, 2);
  ScaleMap map = scale_map(&x->shape, &scales->shape, grad->run.params);
  int64_t count = tensor_elements(x), scale_count = tensor_elements(scales);
  double *sums = reals_new(&grad->run, scale_count);
  if (sums == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < scale_count; i++) sums[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t at = scale_index(&map, i);
    double steps = tensor_get(x, i) - zero_real_at(zero_points, at);
    if (dx != NULL) dx[i] = (float)((double)dy[i] * scale_at(scales, at));
    sums[scale_count == 1 ? 0 : at] += (double)dy[i] * steps;
  }
  for (int64_t i = 0; dscale != NULL && i < scale_count; i++) dscale[i] = (float)sums[i];
  for (int64_t i = 0; dzero != NULL && i < tensor_elements(zero_points); i++) dzero[i] = 0.0f;
  return OK;
}

#define CODE_TYPES (QUANT_CODES | ELEMENT_BIT(ELEMENT_INT32))

const Op op_DequantizeLinear = {
    .name = "DequantizeLinear",
    .brief = "The real numbers that codes stand for: (x - zero point) * scale.",
    .versions = {{21, infer_dequantize, plain_dequantize, fast_dequantize, grad_dequantize},
                 {13, infer_dequantize, plain_dequantize, fast_dequantize, grad_dequantize},
                 {10, infer_dequantize, plain_dequantize, fast_dequantize, grad_dequantize}},
    .attributes = quant_attributes,
    .params_bytes = sizeof(QuantParams),
    .check = quant_check_params,
    .inputs = {{"x", PORT_REQUIRED, CODE_TYPES, "[...]"},
               {"x_scale", PORT_REQUIRED, QUANT_SCALES, "[], [D] along `axis`, or [..., D/block, ...]"},
               {"x_zero_point", PORT_OPTIONAL, CODE_TYPES, "[], ... as x_scale"}},
    .outputs = {{"y", PORT_REQUIRED, QUANT_REALS, "[...]"}},
    .straight_through = true,
    .role = ROLE_FLOAT,
    .role_reason = "float only: between codes of the model's own and floats",
    .samples = {{"i8[2,3,4], f32[]{0.25}!, i8[]{3}!", ""},
                {"u8[2,3,4], f32[]{0.25}!, u8[]{200}!", ""},
                {"i8[2,3,4], f32[3](0.1,1)!, i8[3]!", "axis=1"},
                {"u4[2,5,3], f32[2,3,3](0.1,1)!, u4[2,3,3]!", "axis=1 block_size=2"},
                {"f8e4m3fn[4], f32[]{0.001}!", ""},
                {"i16[2,3], f16[3]{0.1}!, i16[3]{9}!", "axis=-1"},
                {"i4[2,3], f8e8m0[]{0.25}!", "output_dtype=10"},
                {"u16[7], f32[]{0.01}!, u16[]{32768}!", ""}}};
