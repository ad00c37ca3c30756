/* gather_nd.c - GatherND: slices that are picked by rows of indices. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/move/element_index.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct GatherNDParams {
  int64_t batch_dims;
} GatherNDParams;

static Status gather_nd_infer(Infer *infer) {
  int64_t batch = ((const GatherNDParams *)infer->params)->batch_dims;
  const InferValue *data = &infer->in[0], *indices = &infer->in[1];
  infer->out[0].type = data->type;
  if (!data->has_shape || !indices->has_shape) return OK;
  int length;
  TRY(rows_check(infer, &data->shape, &indices->shape, batch, &length));
  if (length < 0) return OK;
  int first = (int)batch + length, rows = indices->shape.rank - 1;
  Shape out = {.rank = rows + data->shape.rank - first};
  if (out.rank > GRAPH_MAX_RANK) return infer_rank(infer, 0, data->type, out.rank);
  for (int d = 0; d < out.rank; d++)
    out.dims[d] = d < rows ? indices->shape.dims[d] : data->shape.dims[first + d - rows];
  return infer_set_sized(infer, 0, data->type, &out);
}

static Status gather_nd_run(Run *run) {
  const Tensor *data = run->in[0], *indices = run->in[1], *out = run->out[0];
  int batch = (int)((const GatherNDParams *)run->params)->batch_dims;
  int last = indices->shape.rank - 1, first = batch + (int)indices->shape.dims[last];
  int64_t rows = shape_product(&indices->shape, 0, last), offset;
  int64_t slice = shape_product(&data->shape, first, data->shape.rank);
  size_t bytes = (size_t)slice * element_bytes(data->type);
  for (int64_t row = 0; row < rows; row++) {
    TRY(rows_offset(run, data, indices, batch, row, &offset));
    if (bytes > 0) memcpy(copy_at(out, row * slice), copy_at(data, offset), bytes);
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(GatherNDParams, batch_dims, FIELD_INT, .least = 0, .most = GRAPH_MAX_RANK),
    {0},
};

const Op op_GatherND = {
    .name = "GatherND",
    .brief = "Slices that are picked by rows of indices.",
    .versions = {{11, gather_nd_infer, gather_nd_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(GatherNDParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[..., count]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "picking single slices has no integer instruction",
    .samples = {{"f32[2,3,4], i64[2,2]{0,1,1,-1}", NULL},
                {"f32[2,3], i64[2,2]{0,0,1,2}", NULL},
                {"f32[2,3,4], i64[2,1]{1,0}", "batch_dims=1"},
                {"str[3], i64[2,1]{2,0}", NULL}},
};
