/* shared by the family: types, broadcast shapes and followed elements; roles. */
#include "operators/binary/binary.h"

static Status broadcast_input(Infer *infer, int i, Shape *shape) {
  Shape joined;
  const InferValue *in = &infer->in[i];
  if (in->type != infer->in[0].type && in->type != ELEMENT_NONE && infer->in[0].type != ELEMENT_NONE)
    return infer_fail(infer, "inputs 0 and %d must have one type, but are %s and %s", i,
                      element_name(infer->in[0].type), element_name(in->type));
  if (!infer->in[0].has_shape || !in->has_shape) return OK;
  if (shape_broadcast(shape, &in->shape, &joined)) {
    *shape = joined;
    return OK;
  }
  return infer_fail(infer, "the shape of input %d does not broadcast to that of the others", i);
}

Status variadic_infer(Infer *infer) {
  Shape shape = infer->in[0].shape;
  bool known = infer->in[0].has_shape;
  for (int i = 1; i < infer->input_count; i++) {
    TRY(broadcast_input(infer, i, &shape));
    known = known && infer->in[i].has_shape;
  }
  infer->out[0].type = infer->in[0].type;
  if (known) infer_set(infer, 0, infer->in[0].type, &shape);
  return OK;
}

Status binary_infer_shape(Infer *infer, ElementType type) {
  const InferValue *a = &infer->in[0], *b = &infer->in[1];
  Shape shape;
  infer->out[0].type = type;
  if (!a->has_shape || !b->has_shape) return OK;
  if (!shape_broadcast(&a->shape, &b->shape, &shape))
    return infer_fail(infer, "the shapes of inputs 0 and 1 do not broadcast to each other");
  infer_set(infer, 0, type, &shape);
  return OK;
}

Status binary_infer(Infer *infer) {
  return variadic_infer(infer);
}

Status binary_infer_bool(Infer *infer) {
  TRY(variadic_infer(infer));
  infer->out[0].type = ELEMENT_BOOL;
  return OK;
}

/* ---- content ---- */

bool content_is_same(ContentItem a, ContentItem b) {
  return !a.known && !b.known && a.value == b.value && a.value != DIM_UNKNOWN;
}

Status binary_infer_content(Infer *infer, BinaryContent function) {
  Content a, b, result = {0};
  if (!content_of(&infer->in[0], &a) || !content_of(&infer->in[1], &b)) return OK;
  result.count = (int)shape_elements(&infer->out[0].shape);
  for (int i = 0; i < result.count; i++)
    result.items[i] = function(a.items[a.count == 1 ? 0 : i], b.items[b.count == 1 ? 0 : i]);
  content_follow(&infer->out[0], &result);
  return OK;
}

/* ---- roles ---- */

OpRole binary_role(const Node *node, OpRole otherwise) {
  for (int i = 0; i < 2; i++) {
    const Tensor *constant = node_constant(node, i);
    if (constant != NULL && tensor_elements(constant) == 1) return ROLE_TABLE;
  }
  return otherwise;
}

OpRole variadic_role(const Node *node, OpRole otherwise, const char **reason) {
  if (node->input_count == 1) return ROLE_VIEW;
  if (node->input_count == 2) return binary_role(node, otherwise);
  *reason = "float only: more than two operands";
  return ROLE_FLOAT;
}

void binary_axes(AxisRules *rules) {
  const BinaryParams *params = rules->params;
  bool placed = rules->node->version->since < 7 && params->broadcast && params->axis >= 0;
  if (!placed) axes_elementwise(rules);
}
