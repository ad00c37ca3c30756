#include "operators/qlinear/qlinear.h"
#include "operators/softmax/softmax_rows.h"

typedef struct QLinearSoftmaxParams {
  SoftmaxParams softmax;
  int64_t opset; /* of the Softmax that is meant */
} QLinearSoftmaxParams;

static const AttributeRow attributes[] = {ATTRIBUTE(SoftmaxParams, axis, FIELD_INT, .otherwise = -1),
                                          ATTRIBUTE(QLinearSoftmaxParams, opset, FIELD_INT,
                                                    .otherwise = SOFTMAX_SINCE_ALONG, .least = 1,
                                                    .most = 1000),
                                          {0}};

const Op op_com_microsoft__QLinearSoftmax = {
    .name = "QLinearSoftmax",
    .domain = QLINEAR_DOMAIN,
    .brief = "Softmax of 8-bit codes.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(QLinearSoftmaxParams),
    .inputs = {QLINEAR_OPERAND("X", "[...]"), QLINEAR_RESULT("Y")},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[2,9](0,256), f32[]{0.05}!, u8[]{128}!, f32[]{0.00390625}!, u8[]{0}!", ""},
                {"i8[2,3,4], f32[]{0.5}!, i8[]{1}!, f32[]{0.00390625}!, i8[]{-128}!", "axis=1"}}};
