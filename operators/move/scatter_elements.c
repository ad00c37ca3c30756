/* scatter_elements.c - ScatterElements: elements of a copy are replaced, each at its own index. */
#include "operators/move/scatter_elements.h"

#include "operators/move/element_index.h"
#include "operators/shape/content.h"

Status scatter_elements_infer(Infer *infer) {
  const ScatterElementsParams *params = infer->params;
  const InferValue *data = &infer->in[0], *indices = &infer->in[1], *updates = &infer->in[2];
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  int axis;
  TRY(infer_axis(infer, params->axis, data->shape.rank, &axis));
  if (indices->has_shape) TRY(elements_check(infer, &data->shape, &indices->shape, axis));
  if (indices->has_shape && updates->has_shape && shape_is_known(&indices->shape) &&
      shape_is_known(&updates->shape) && !shape_equals(&indices->shape, &updates->shape))
    return infer_fail(infer, "the indices and the updates have different shapes");
  if (updates->type != ELEMENT_NONE && data->type != ELEMENT_NONE && updates->type != data->type)
    return infer_fail(infer, "the updates are %s, the data %s", element_name(updates->type),
                      element_name(data->type));
  infer_set(infer, 0, data->type, &data->shape);
  return OK;
}

Status scatter_elements_run(Run *run) {
  const ScatterElementsParams *params = run->params;
  const Tensor *indices = run->in[1];
  int axis;
  if (!axis_normalize(params->axis, run->in[0]->shape.rank, &axis)) return BAD_INPUT;
  if (params->reduction != SCATTER_NONE && run->in[0]->type == ELEMENT_STRING)
    return run_fail(run, "strings cannot be reduced");
  TRY(run_copy(run));
  int64_t count = tensor_elements(indices), offset;
  for (int64_t i = 0; i < count; i++) {
    TRY(elements_offset(run, run->out[0], indices, axis, i, &offset));
    scatter_reduce(params->reduction, run->out[0], offset, run->in[2], i, 1);
  }
  return OK;
}

static Status place(Run *run, int64_t i, int64_t *to) {
  int axis;
  if (!axis_normalize(((const ScatterElementsParams *)run->params)->axis, run->in[0]->shape.rank, &axis))
    return BAD_INPUT;
  return elements_offset(run, run->out[0], run->in[1], axis, i, to);
}

Status scatter_elements_grad(Grad *grad) {
  return scatter_grad(grad, ((const ScatterElementsParams *)grad->run.params)->reduction, 1, place);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ScatterElementsParams, axis, FIELD_INT),
    ATTRIBUTE(ScatterElementsParams, reduction, FIELD_CHOICE, .choices = scatter_reductions),
    {0},
};

const Op op_ScatterElements = {
    .name = "ScatterElements",
    .brief = "A copy in which single elements are replaced, each at its own index along an axis.",
    .versions = {{11, scatter_elements_infer, scatter_elements_run, NULL, scatter_elements_grad}},
    .attributes = attributes,
    .params_bytes = sizeof(ScatterElementsParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
               {"indices", PORT_REQUIRED, INDEX_TYPES, "[...]"},
               {"updates", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "replacing single elements has no integer instruction",
    .samples = {{"f32[3,3], i64[2,3]{1,0,2,0,2,1}, f32[2,3]", NULL},
                {"f32[1,5], i64[1,2]{1,-2}, f32[1,2]", "axis=1"},
                {"i32[5], i64{1,1,3}, i32[3]", "reduction=\"add\""},
                {"f32[5], i64{1,1,3}, f32[3]", "reduction=\"max\""}},
};
