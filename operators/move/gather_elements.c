/* gather_elements.c - GatherElements: each output element has its own index along an axis. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/move/element_index.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct GatherElementsParams {
  int64_t axis;
} GatherElementsParams;

static Status gather_elements_infer(Infer *infer) {
  const GatherElementsParams *params = infer->params;
  const InferValue *data = &infer->in[0], *indices = &infer->in[1];
  infer->out[0].type = data->type;
  if (!indices->has_shape) return OK;
  if (data->has_shape) {
    int axis;
    TRY(infer_axis(infer, params->axis, data->shape.rank, &axis));
    TRY(elements_check(infer, &data->shape, &indices->shape, axis));
  }
  infer_set(infer, 0, data->type, &indices->shape);
  return OK;
}

static Status gather_elements_run(Run *run) {
  const Tensor *data = run->in[0], *indices = run->in[1], *out = run->out[0];
  int axis;
  if (!axis_normalize(((const GatherElementsParams *)run->params)->axis, data->shape.rank, &axis))
    return BAD_INPUT;
  int64_t count = tensor_elements(indices), offset;
  for (int64_t i = 0; i < count; i++) {
    TRY(elements_offset(run, data, indices, axis, i, &offset));
    memcpy(copy_at(out, i), copy_at(data, offset), element_bytes(data->type));
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(GatherElementsParams, axis, FIELD_INT),
    {0},
};

const Op op_GatherElements = {
    .name = "GatherElements",
    .brief = "Elements that are picked along an axis, each by its own index.",
    .versions = {{11, gather_elements_infer, gather_elements_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(GatherElementsParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"indices", PORT_REQUIRED, INDEX_TYPES, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "picking single elements has no integer instruction",
    .samples = {{"f32[3,3], i64[2,3]{1,2,0,2,0,0}", NULL},
                {"f32[2,3], i32[2,2]{0,-1,2,1}", "axis=1"},
                {"str[3], i64{2,0}", NULL},
                {"f32[3,3], i64[0,3]", NULL}},
};
