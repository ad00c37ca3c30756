#include "operators/pool/pool.h"
#include "operators/qlinear/qlinear.h"

typedef struct QLinearPoolParams {
  int64_t channels_last;
} QLinearPoolParams;

static Status check(const Node *node, void *params, Error *err) {
  return qlinear_check_layout(node, ((const QLinearPoolParams *)params)->channels_last, err);
}

static const AttributeRow attributes[] = {QLINEAR_CHANNELS_LAST(QLinearPoolParams), {0}};

const Op op_com_microsoft__QLinearGlobalAveragePool = {
    .name = "QLinearGlobalAveragePool",
    .domain = QLINEAR_DOMAIN,
    .brief = "Mean of each channel of 8-bit codes.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(QLinearPoolParams),
    .check = check,
    .inputs = {QLINEAR_OPERAND("X", "[N, C, ...]"), QLINEAR_RESULT("Y")},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[N, C, ...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[1,3,4,5](0,256), f32[]{0.05}!, u8[]{128}!, f32[]{0.02}!, u8[]{90}!", ""},
                {"i8[2,2,7], f32[]{0.5}!, i8[]{1}!, f32[]{0.25}!, i8[]{0}!", "channels_last=0"}}};
