#include "operators/qlinear/qlinear.h"
#include "operators/unary/unary.h"

static const AttributeRow attributes[] = {UNARY_ALPHA(0.01f), {0}};

const Op op_com_microsoft__QLinearLeakyRelu = {
    .name = "QLinearLeakyRelu",
    .domain = QLINEAR_DOMAIN,
    .brief = "LeakyRelu of 8-bit codes.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(UnaryParams),
    .inputs = {QLINEAR_OPERAND("X", "[...]"), QLINEAR_RESULT("Y")},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[2,9](0,256), f32[]{0.05}!, u8[]{128}!, f32[]{0.04}!, u8[]{30}!", "alpha=0.25"},
                {"i8[7], f32[]{0.5}!, -, f32[]{0.5}!", ""}}};
