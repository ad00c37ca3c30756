/* constant.c - Constant: a tensor that the model file holds as an attribute. */
#include "operators/shape/content.h"

#include <string.h>

typedef struct ConstantParams {
  const Tensor *value;
  int64_t value_int;
  float value_float;
  const char *value_string;
  Ints value_ints;
  Floats value_floats;
  Strings value_strings;
  Tensor made;           /* from one of the other attributes; its data are the attribute's */
  const Tensor *content; /* `value` or `made` */
} ConstantParams;

/* The data are only ever read. */
static Tensor view(ElementType type, Shape shape, const void *data) {
  return (Tensor){.type = type, .shape = shape, .data = (void *)(uintptr_t)data};
}

static void choose(ConstantParams *params, const char *name) {
  params->content = &params->made;
  if (strcmp(name, "value") == 0)
    params->content = params->value;
  else if (strcmp(name, "value_int") == 0)
    params->made = view(ELEMENT_INT64, SHAPE_SCALAR, &params->value_int);
  else if (strcmp(name, "value_float") == 0)
    params->made = view(ELEMENT_FLOAT32, SHAPE_SCALAR, &params->value_float);
  else if (strcmp(name, "value_string") == 0)
    params->made = view(ELEMENT_STRING, SHAPE_SCALAR, &params->value_string);
  else if (strcmp(name, "value_ints") == 0)
    params->made = view(ELEMENT_INT64, SHAPE(params->value_ints.count), params->value_ints.values);
  else if (strcmp(name, "value_floats") == 0)
    params->made = view(ELEMENT_FLOAT32, SHAPE(params->value_floats.count), params->value_floats.values);
  else
    params->made = view(ELEMENT_STRING, SHAPE(params->value_strings.count), params->value_strings.values);
}

static Status constant_check(const Node *node, void *params, Error *err) {
  if (node->attribute_count != 1)
    return fail(err, BAD_INPUT, "node '%s' (%s): has %d attributes, exactly one gives the value", node->name,
                node->type, node->attribute_count);
  choose(params, node->attributes[0].name);
  return OK;
}

static Status constant_infer(Infer *infer) {
  const ConstantParams *params = infer->params;
  bool present = infer->out[0].present;
  infer_value_of(params->content, &infer->out[0]);
  infer->out[0].present = present;
  return OK;
}

static Status constant_run(Run *run) {
  const ConstantParams *params = run->params;
  size_t bytes = tensor_bytes(params->content);
  if (bytes > 0) memcpy(run->out[0]->data, params->content->data, bytes);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ConstantParams, value, FIELD_TENSOR),
    ATTRIBUTE(ConstantParams, value_int, FIELD_INT),
    ATTRIBUTE(ConstantParams, value_float, FIELD_FLOAT),
    ATTRIBUTE(ConstantParams, value_string, FIELD_STRING),
    ATTRIBUTE(ConstantParams, value_ints, FIELD_INTS),
    ATTRIBUTE(ConstantParams, value_floats, FIELD_FLOATS),
    ATTRIBUTE(ConstantParams, value_strings, FIELD_STRINGS),
    {0},
};

const Op op_Constant = {
    .name = "Constant",
    .brief = "A tensor that stands in the model.",
    .versions = {{1, constant_infer, constant_run, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(ConstantParams),
    .check = constant_check,
    .inputs = {{0}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .grad_reason = "not differentiable: the result does not depend on elements",
    .role = ROLE_INDEX,
    .samples = {{"", "value=f32[2,2]{1,2,3,4}"},
                {"", "value_int=-3"},
                {"", "value_float=0.5"},
                {"", "value_string=\"text\""},
                {"", "value_ints=[1,2,-3]"},
                {"", "value_floats=[1.5,2.5]"},
                {"", "value_strings=[\"a\",\"b\"]"}},
};
