#include "operators/conv/conv_case.h"
#include "operators/quant/quant_product.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, BIAS };

static Status infer_qlinear_conv(Infer *infer) {
  InferValue in[3] = {infer->in[X], infer->in[W], {0}};
  TRY(quant_check_type(infer, X, X_ZERO));
  TRY(quant_check_type(infer, W, W_ZERO));
  TRY(quant_check_lies(infer, X, X_SCALE, 0));
  TRY(quant_check_lies(infer, X, X_ZERO, 0));
  TRY(quant_check_lies(infer, W, W_SCALE, 0));
  TRY(quant_check_lies(infer, W, W_ZERO, 0));
  const InferValue *bias = infer_input(infer, BIAS);
  if (bias != NULL) in[2] = *bias;
  return quant_infer_as(infer, "Conv", in, bias == NULL ? 2 : 3, infer->in[Y_ZERO].type);
}

/* The bias counts in steps of scale_x * scale_w. */
static Status bias_tensor(Run *run, Tensor *bias) {
  const Tensor *from = run->in[BIAS];
  TRY(quant_real_tensor(run, from, run->in[W_SCALE], NULL, 0, bias));
  double *reals = bias->data;
  for (int64_t o = 0; o < tensor_elements(bias); o++) reals[o] *= tensor_get(run->in[X_SCALE], 0);
  return OK;
}

static Status plain_qlinear_conv(Run *run) {
  Tensor x, w, bias, product;
  bool has_bias = run_input(run, BIAS) != NULL;
  TRY(quant_real_tensor(run, run->in[X], run->in[X_SCALE], run->in[X_ZERO], 0, &x));
  TRY(quant_real_tensor(run, run->in[W], run->in[W_SCALE], run->in[W_ZERO], 0, &w));
  if (has_bias) TRY(bias_tensor(run, &bias));
  TRY(quant_run_as(run, "Conv", (const Tensor *[]){&x, &w, has_bias ? &bias : NULL}, 3, &product));
  double scale = tensor_get(run->in[Y_SCALE], 0);
  int64_t zero_point = tensor_get_integer(run->in[Y_ZERO], 0), count = tensor_elements(&product);
  for (int64_t i = 0; i < count; i++) code_set(run->out[0], i, tensor_get(&product, i) / scale, zero_point);
  return OK;
}

static OpCost cost(const Node *node) {
  const Value *w = node_input(node, W), *y = node->outputs[0];
  if (w == NULL || y == NULL || !w->has_shape || !y->has_shape || y->shape.rank < 3) return (OpCost){0};
  double macs = 1;
  for (int d = 0; d < w->shape.rank; d++) macs *= (double)w->shape.dims[d];
  for (int d = 2; d < y->shape.rank; d++) macs *= (double)y->shape.dims[d];
  return (OpCost){.macs = macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}

static const AttributeRow attributes[] = {CONV_ATTRIBUTES, {0}};
#define REAL ELEMENT_BIT(ELEMENT_FLOAT32)

const Op op_QLinearConv = {
    .name = "QLinearConv",
    .brief = "Convolution of 8-bit codes, its sums given the scale of the output.",
    .versions = {{10, infer_qlinear_conv, plain_qlinear_conv, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConvParams),
    .inputs = {{"x", PORT_REQUIRED, QUANT_CODES_8, "[N, C, ...]"},
               {"x_scale", PORT_REQUIRED, REAL, "[]"},
               {"x_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[]"},
               {"w", PORT_REQUIRED, QUANT_CODES_8, "[O, C/group, kernel...]"},
               {"w_scale", PORT_REQUIRED, REAL, "[] or [O]"},
               {"w_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[] or [O]"},
               {"y_scale", PORT_REQUIRED, REAL, "[]"},
               {"y_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[]"},
               {"B", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32), "[O]"}},
    .outputs = {{"y", PORT_REQUIRED, QUANT_CODES_8, "[N, O, ...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .cost = cost,
    .samples = {
        {"u8[1,3,5,4], f32[]{0.1}!, u8[]{7}!, i8[4,3,3,3]!, f32[4](0.01,0.1)!, i8[4]{0}!, f32[]{0.2}!, "
         "u8[]{128}!, i32[4]!",
         "pads=[1,1,1,1]"},
        {"i8[1,4,5,4], f32[]{0.1}!, i8[]{7}!, i8[6,2,3,3]!, f32[]{0.05}!, i8[]{3}!, f32[]{0.2}!, "
         "i8[]{-5}!",
         "group=2 strides=[2,2]"}}};
