/* constant_of_shape.c - ConstantOfShape: one value all over. */
#include "operators/shape/content.h"

#include <string.h>

typedef struct ConstantOfShapeParams {
  const Tensor *value;
} ConstantOfShapeParams;

static Status constant_of_shape_check(const Node *node, void *params, Error *err) {
  const Tensor *value = ((ConstantOfShapeParams *)params)->value;
  if (value == NULL || tensor_elements(value) == 1) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'value' has %lld elements instead of 1", node->name,
              node->type, (long long)tensor_elements(value));
}

static Status shape_of(const Infer *infer, const Content *target, Shape *shape) {
  shape->rank = target->count;
  for (int d = 0; d < shape->rank; d++) {
    const ContentItem *item = &target->items[d];
    if (item->known && item->value < 0)
      return infer_fail(infer, "the shape has a dimension of %lld", (long long)item->value);
    shape->dims[d] = item->value;
  }
  return OK;
}

static void follow(Infer *infer, const Tensor *value, const Shape *shape) {
  int64_t count = shape_elements(shape);
  if (shape->rank > 1 || count < 0 || count > INFER_MAX_ELEMENTS) return;
  if (value == NULL || !element_is_integer(value->type)) return;
  Content content = {.count = (int)count};
  for (int i = 0; i < content.count; i++) content.items[i] = content_known(tensor_get_integer(value, 0));
  content_follow(&infer->out[0], &content);
}

static Status constant_of_shape_infer(Infer *infer) {
  const Tensor *value = ((const ConstantOfShapeParams *)infer->params)->value;
  ElementType type = value == NULL ? ELEMENT_FLOAT32 : value->type;
  KnownInts limits; /* refuses a shape that is no list, or too long */
  TRY(known_ints(infer, 0, "the shape", GRAPH_MAX_RANK, &limits));
  Content target;
  if (!content_of(&infer->in[0], &target)) return infer_open(infer, 0, type);
  Shape shape;
  TRY(shape_of(infer, &target, &shape));
  TRY(infer_set_sized(infer, 0, type, &shape));
  follow(infer, value, &shape);
  return OK;
}

static Status constant_of_shape_run(Run *run) {
  const Tensor *value = ((const ConstantOfShapeParams *)run->params)->value;
  size_t bytes = tensor_bytes(run->out[0]), size = element_bytes(run->out[0]->type);
  char *out = run->out[0]->data;
  if (bytes == 0) return OK;
  if (value == NULL) {
    memset(out, 0, bytes);
    return OK;
  }
  for (size_t at = 0; at < bytes; at += size) memcpy(out + at, value->data, size);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ConstantOfShapeParams, value, FIELD_TENSOR),
    {0},
};

const Op op_ConstantOfShape = {
    .name = "ConstantOfShape",
    .brief = "A tensor of the given shape with one value all over.",
    .versions = {{9, constant_of_shape_infer, constant_of_shape_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConstantOfShapeParams),
    .check = constant_of_shape_check,
    .inputs = {{"input", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[rank]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .grad_reason = "not differentiable: the result does not depend on elements",
    .role = ROLE_INDEX,
    .samples = {{"i64{2,3}!", NULL},
                {"i64{2,3}!", "value=i32[1]{7}"},
                {"i64[0]!", "value=f32[1]{1.5}"},
                {"i64{0}!", "value=i64[1]{1}"},
                {"i64{3}", "value=i64[1]{-1}"}},
};
