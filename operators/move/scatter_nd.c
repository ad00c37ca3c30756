/* scatter_nd.c - ScatterND: slices of a copy are replaced, at rows of indices. */
#include "operators/move/element_index.h"
#include "operators/shape/content.h"

typedef struct ScatterNDParams {
  int reduction; /* a ScatterReduction */
} ScatterNDParams;

/* updates: [..., of the indices without the last] + [the data's after the indexed ones] */
static Status check_updates(const Infer *infer, int length) {
  const Shape *data = &infer->in[0].shape, *indices = &infer->in[1].shape, *updates = &infer->in[2].shape;
  int rows = indices->rank - 1;
  if (updates->rank != rows + data->rank - length)
    return infer_fail(infer, "the updates have %d dimensions instead of %d", updates->rank,
                      rows + data->rank - length);
  for (int d = 0; d < updates->rank; d++) {
    Dim wanted = d < rows ? indices->dims[d] : data->dims[length + d - rows];
    if (dim_is_known(wanted) && dim_is_known(updates->dims[d]) && wanted != updates->dims[d])
      return infer_fail(infer, "dimension %d of the updates is %lld instead of %lld", d,
                        (long long)updates->dims[d], (long long)wanted);
  }
  return OK;
}

static Status scatter_nd_infer(Infer *infer) {
  const InferValue *data = &infer->in[0], *indices = &infer->in[1], *updates = &infer->in[2];
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  int length = -1;
  if (indices->has_shape) TRY(rows_check(infer, &data->shape, &indices->shape, 0, &length));
  if (length >= 0 && updates->has_shape) TRY(check_updates(infer, length));
  if (updates->type != ELEMENT_NONE && data->type != ELEMENT_NONE && updates->type != data->type)
    return infer_fail(infer, "the updates are %s, the data %s", element_name(updates->type),
                      element_name(data->type));
  infer_set(infer, 0, data->type, &data->shape);
  return OK;
}

static Status scatter_nd_run(Run *run) {
  int reduction = ((const ScatterNDParams *)run->params)->reduction;
  const Tensor *indices = run->in[1];
  if (reduction != SCATTER_NONE && run->in[0]->type == ELEMENT_STRING)
    return run_fail(run, "strings cannot be reduced");
  TRY(run_copy(run));
  int last = indices->shape.rank - 1, first = (int)indices->shape.dims[last];
  int64_t rows = shape_product(&indices->shape, 0, last), offset;
  int64_t slice = shape_product(&run->out[0]->shape, first, run->out[0]->shape.rank);
  for (int64_t row = 0; row < rows; row++) {
    TRY(rows_offset(run, run->out[0], indices, 0, row, &offset));
    scatter_reduce(reduction, run->out[0], offset, run->in[2], row * slice, slice);
  }
  return OK;
}

static Status place(Run *run, int64_t i, int64_t *to) {
  return rows_offset(run, run->out[0], run->in[1], 0, i, to);
}

static Status grad_scatter_nd(Grad *grad) {
  const Shape *indices = &grad->run.in[1]->shape, *data = &grad->run.in[0]->shape;
  int first = (int)indices->dims[indices->rank - 1];
  int64_t slice = shape_product(data, first, data->rank);
  return scatter_grad(grad, ((const ScatterNDParams *)grad->run.params)->reduction, slice, place);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(ScatterNDParams, reduction, FIELD_CHOICE, .choices = scatter_reductions),
    {0},
};

const Op op_ScatterND = {
    .name = "ScatterND",
    .brief = "A copy in which slices are replaced, at rows of indices.",
    .versions = {{11, scatter_nd_infer, scatter_nd_run, NULL, grad_scatter_nd}},
    .attributes = attributes,
    .params_bytes = sizeof(ScatterNDParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
               {"indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[..., count]"},
               {"updates", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "replacing single slices has no integer instruction",
    .samples = {{"f32[8], i64[3,1]{4,3,-1}, f32[3]", NULL},
                {"f32[3,4,4], i64[2,1]{0,2}, f32[2,4,4]", NULL},
                {"f32[4,4], i64[2,2]{0,1,0,1}, f32[2]", "reduction=\"mul\""}},
};
