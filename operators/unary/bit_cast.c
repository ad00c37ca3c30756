#include "operators/shape/content.h"

typedef struct BitCastParams {
  int64_t to; /* an element type by its ONNX number */
} BitCastParams;

static Status infer(Infer *infer) {
  ElementType to = (ElementType)((const BitCastParams *)infer->params)->to;
  const InferValue *in = &infer->in[0];
  if (element_bytes(to) == 0 || to == ELEMENT_STRING)
    return infer_fail(infer, "cannot give elements of type %d", (int)to);
  if (in->type != ELEMENT_NONE && element_bits(in->type) != element_bits(to))
    return infer_fail(infer, "%s and %s have different sizes", element_name(in->type), element_name(to));
  infer->out[0].type = to;
  infer->out[0].has_shape = in->has_shape;
  infer->out[0].shape = in->shape;
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(BitCastParams, to, FIELD_INT, .required = true, .least = 1, .most = 31), {0}};

#define BIT_CAST_TYPES (ELEMENTS_NUMERIC | ELEMENTS_NARROW | ELEMENT_BIT(ELEMENT_BOOL))

const Op op_BitCast = {
    .name = "BitCast",
    .brief = "The same bits as another type of the same size.",
    .versions = {{26, infer, run_copy, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(BitCastParams),
    .inputs = {{"input", PORT_REQUIRED, BIT_CAST_TYPES, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, BIT_CAST_TYPES, "[...]"}},
    .grad_reason = "not differentiable: the bits are read as another type",
    .role = ROLE_FLOAT,
    .role_reason = "it is about the bits of float numbers",
    .samples = {{"f32[2,3]", "to=6"}, {"i64{1,2}", "to=11"}, {"bool{true,false}", "to=2"}},
};
