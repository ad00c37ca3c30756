#include "operators/qlinear/qlinear.h"

const Op op_com_microsoft__QLinearSigmoid = {
    .name = "QLinearSigmoid",
    .domain = QLINEAR_DOMAIN,
    .brief = "Sigmoid of 8-bit codes.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .inputs = {QLINEAR_OPERAND("X", "[...]"), QLINEAR_RESULT("Y")},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[2,9](0,256), f32[]{0.05}!, u8[]{128}!, f32[]{0.00390625}!, u8[]{0}!", ""},
                {"i8[7], f32[]{0.5}!, -, f32[]{0.01}!", ""}}};
