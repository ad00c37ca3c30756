#include "operators/move/concat.h"
#include "operators/qlinear/qlinear.h"

static Status check(const Node *node, void *params, Error *err) {
  (void)params;
  if (node->input_count % 3 == 2) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): %d inputs are no tensors with a scale and a zero point each",
              node->name, node->type, node->input_count);
}

static const AttributeRow attributes[] = {ATTRIBUTE(ConcatParams, axis, FIELD_INT, .required = true), {0}};

const Op op_com_microsoft__QLinearConcat = {
    .name = "QLinearConcat",
    .domain = QLINEAR_DOMAIN,
    .brief = "Tensors of 8-bit codes one behind the other, given one scale.",
    .versions = {{1, qlinear_infer, qlinear_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConcatParams),
    .check = check,
    .inputs = {{"Y_scale", PORT_REQUIRED, QLINEAR_REAL, "[]"},
               {"Y_zero_point", PORT_REQUIRED, QUANT_CODES_8, "[]"},
               {"inputs", PORT_VARIADIC, QUANT_CODES_8 | QLINEAR_REAL,
                "[...], each followed by its scale and zero point"}},
    .outputs = {{"Y", PORT_REQUIRED, QUANT_CODES_8, "[...]"}},
    .grad_reason = "not differentiable: computed in integers",
    .role = ROLE_INDEX,
    .samples = {
        {"f32[]{0.1}!, u8[]{5}!, u8[2,3], f32[]{0.1}!, u8[]{3}!, u8[2,1], f32[]{0.2}!, u8[]{9}!", "axis=1"},
        {"f32[]{0.1}!, i8[]{5}!, i8[2], f32[]{0.1}!, i8[]{3}!", "axis=0"}}};
