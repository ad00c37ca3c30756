#include "operators/conv/conv_case.h"
#include "operators/quant/quant_product.h"

static Status infer_conv_integer(Infer *infer) {
  TRY(quant_check_type(infer, 0, 2));
  TRY(quant_check_type(infer, 1, 3));
  TRY(quant_check_lies(infer, 0, 2, 0));
  TRY(quant_check_lies(infer, 1, 3, 0));
  return quant_infer_as(infer, "Conv", infer->in, 2, ELEMENT_INT32);
}

static Status plain_conv_integer(Run *run) {
  Tensor x, w, product;
  TRY(quant_real_tensor(run, run->in[0], NULL, run_input(run, 2), 0, &x));
  TRY(quant_real_tensor(run, run->in[1], NULL, run_input(run, 3), 0, &w));
  TRY(quant_run_as(run, "Conv", (const Tensor *[]){&x, &w}, 2, &product));
  int64_t count = tensor_elements(&product);
  for (int64_t i = 0; i < count; i++) tensor_set(run->out[0], i, tensor_get(&product, i));
  return OK;
}

static OpCost cost(const Node *node) {
  return (OpCost){.macs = conv_macs(node, node->outputs[0])};
}

static const AttributeRow attributes[] = {CONV_ATTRIBUTES, {0}};

const Op op_ConvInteger = {
    .name = "ConvInteger",
    .brief = "Convolution of 8-bit codes less their zero points, in int32.",
    .versions = {{10, infer_conv_integer, plain_conv_integer, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConvParams),
    .inputs = {{"x", PORT_REQUIRED, QUANT_CODES_8, "[N, C, ...]"},
               {"w", PORT_REQUIRED, QUANT_CODES_8, "[O, C/group, kernel...]"},
               {"x_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[]"},
               {"w_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[] or [O]"}},
    .outputs = {{"y", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32), "[N, O, ...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .cost = cost,
    .samples = {{"u8[1,3,5,4], u8[4,3,3,3]!, u8[]{7}!", "pads=[1,1,1,1]"},
                {"u8[1,4,5,4], i8[6,2,3,3]!, u8[]{7}!, i8[6]!", "group=2 strides=[2,2]"},
                {"i8[2,2,7], i8[3,2,3]!", ""}}};
