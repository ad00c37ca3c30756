#include "operators/matmul/gemm.h"
#include "operators/qlinear/qlinear.h"

static Status check(const Node *node, void *params, Error *err) {
  (void)node;
  (void)err;
  ((GemmParams *)params)->beta = 1; /* the bias is not scaled again */
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(GemmParams, alpha, FIELD_FLOAT, .otherwise_float = 1),
                                          ATTRIBUTE(GemmParams, transA, FIELD_BOOL, .otherwise = 0),
                                          ATTRIBUTE(GemmParams, transB, FIELD_BOOL, .otherwise = 0),
                                          {0}};

const Op op_com_microsoft__QGemm = {
    .name = "QGemm",
    .domain = QLINEAR_DOMAIN,
    .brief =
        "Matrix product of 8-bit codes with an int32 bias; in float where it has no scale for its result.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(GemmParams),
    .check = check,
    .inputs = {QLINEAR_OPERAND("A", "[M, K]"),
               {"B", PORT_REQUIRED, QUANT_CODES_8, "[K, N]"},
               {"b_scale", PORT_REQUIRED, QLINEAR_REAL, "[] or [N]"},
               {"b_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[] or [N]"},
               {"C", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT32), "[M, N]"},
               {"y_scale", PORT_OPTIONAL, QLINEAR_REAL, "[]"},
               {"y_zero_point", PORT_OPTIONAL, QUANT_CODES_8, "[]"}},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8 | QLINEAR_REAL, "[M, N]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {
        {"u8[2,3], f32[]{0.1}!, u8[]{3}!, i8[3,4]!, f32[4](0.1,0.2)!, i8[4]{0}!, i32[4]!, f32[]{0.3}!, "
         "u8[]{7}!",
         ""},
        {"u8[3,2], f32[]{0.1}!, u8[]{3}!, u8[4,3]!, f32[]{0.1}!, u8[]{128}!, -, f32[]{0.3}!, u8[]{7}!",
         "transA=1 transB=1 alpha=0.5"},
        {"i8[2,3], f32[]{0.1}!, i8[]{3}!, i8[3,4]!, f32[]{0.2}!, i8[]{0}!, i32[4]!", ""}}};
