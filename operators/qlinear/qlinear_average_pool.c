#include "operators/pool/pool.h"
#include "operators/qlinear/qlinear.h"

typedef struct QLinearAveragePoolParams {
  AveragePoolParams pool;
  int64_t channels_last;
} QLinearAveragePoolParams;

static Status check(const Node *node, void *params, Error *err) {
  TRY(pool_check(node, params, err));
  return qlinear_check_layout(node, ((const QLinearAveragePoolParams *)params)->channels_last, err);
}

static const AttributeRow attributes[] = {
    AVERAGE_POOL_ATTRIBUTES, QLINEAR_CHANNELS_LAST(QLinearAveragePoolParams), {0}};

const Op op_com_microsoft__QLinearAveragePool = {
    .name = "QLinearAveragePool",
    .domain = QLINEAR_DOMAIN,
    .brief = "Mean of each window of 8-bit codes.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(QLinearAveragePoolParams),
    .check = check,
    .inputs = {QLINEAR_OPERAND("X", "[N, C, ...]"), QLINEAR_RESULT("Y")},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[N, C, ...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {{"u8[1,3,6,5](0,256), f32[]{0.05}!, u8[]{128}!, f32[]{0.05}!, u8[]{120}!",
                 "kernel_shape=[2,2] strides=[2,2]"},
                {"i8[1,2,5,5], f32[]{0.5}!, i8[]{1}!, f32[]{0.25}!, i8[]{0}!",
                 "kernel_shape=[3,3] pads=[1,1,1,1] count_include_pad=1"}}};
