#include "operators/qlinear/qlinear.h"

const Op op_com_microsoft__QLinearAdd = {
    .name = "QLinearAdd",
    .domain = QLINEAR_DOMAIN,
    .brief = "Sum of two tensors of 8-bit codes, with a scale of its own.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .inputs = {QLINEAR_OPERAND("A", "[...]"), QLINEAR_OPERAND("B", "[...]"), QLINEAR_RESULT("C")},
    .outputs = {{"C", PORT_REQUIRED, QUANT_CODES_8, "[...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[2,3], f32[]{0.1}!, u8[]{3}!, u8[3], f32[]{0.2}!, u8[]{9}!, f32[]{0.3}!, u8[]{7}!", ""},
                {"i8[2,3], f32[]{0.1}!, -, i8[2,3]!, f32[]{0.2}!, i8[]{-9}!, f32[]{0.1}!", ""}}};
