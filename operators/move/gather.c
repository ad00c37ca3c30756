/* gather.c - Gather: slices along an axis, picked by their indices. */
#include "operators/axes.h"
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/move/element_index.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct GatherParams {
  int64_t axis;
} GatherParams;

/* Indices of a 1-D tensor whose integers are followed. */
static Status follow(Infer *infer) {
  Content data, indices, picked = {0};
  const InferValue *in = &infer->in[0];
  if (in->shape.rank != 1 || !element_is_integer(in->type)) return OK;
  if (!content_of(in, &data) || !content_of(&infer->in[1], &indices)) return OK;
  picked.count = indices.count;
  for (int i = 0; i < picked.count; i++) {
    picked.items[i] = content_item(DIM_UNKNOWN);
    if (!indices.items[i].known) continue;
    int at;
    if (!axis_normalize(indices.items[i].value, data.count, &at))
      return infer_fail(infer, "index %lld is outside an axis of %d elements",
                        (long long)indices.items[i].value, data.count);
    picked.items[i] = data.items[at];
  }
  content_follow(&infer->out[0], &picked);
  return OK;
}

static Status gather_infer(Infer *infer) {
  const GatherParams *params = infer->params;
  const InferValue *in = &infer->in[0], *indices = &infer->in[1];
  infer->out[0].type = in->type;
  int axis;
  if (in->has_shape) TRY(infer_axis(infer, params->axis, in->shape.rank, &axis));
  if (!in->has_shape || !indices->has_shape) return OK;
  int extra = indices->shape.rank;
  if (in->shape.rank - 1 + extra > GRAPH_MAX_RANK)
    return infer_rank(infer, 0, in->type, in->shape.rank - 1 + extra);
  Shape out = {.rank = in->shape.rank - 1 + extra};
  for (int d = 0; d < out.rank; d++)
    out.dims[d] = d < axis           ? in->shape.dims[d]
                  : d < axis + extra ? indices->shape.dims[d - axis]
                                     : in->shape.dims[d - extra + 1];
  TRY(infer_set_sized(infer, 0, in->type, &out));
  return follow(infer);
}

static Status gather_run(Run *run) {
  const Tensor *in = run->in[0], *indices = run->in[1];
  int axis;
  if (!axis_normalize(((const GatherParams *)run->params)->axis, in->shape.rank, &axis)) return BAD_INPUT;
  int64_t outer = shape_product(&in->shape, 0, axis), extent = in->shape.dims[axis];
  size_t block = (size_t)shape_product(&in->shape, axis + 1, in->shape.rank) * element_bytes(in->type);
  int64_t count = tensor_elements(indices);
  char *to = run->out[0]->data;
  for (int64_t i = 0; i < count; i++) {
    int64_t index;
    TRY(index_read(run, indices, i, extent, &index));
    for (int64_t o = 0; block > 0 && o < outer; o++)
      memcpy(to + (size_t)(o * count + i) * block,
             (const char *)in->data + (size_t)(o * extent + index) * block, block);
  }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(GatherParams, axis, FIELD_INT),
    {0},
};

/* A constant table makes what lies along its other axes. */
static void gather_axes(AxisRules *rules) {
  const Value *in = rules_in(rules, 0), *indices = rules_in(rules, 1), *out = rules_out(rules, 0);
  int axis;
  if (!in->has_shape || !indices->has_shape ||
      !axis_normalize(((const GatherParams *)rules->params)->axis, in->shape.rank, &axis))
    return;
  int extra = indices->shape.rank;
  for (int d = 0; d < in->shape.rank; d++)
    if (d != axis) axis_made(rules, in, d, out, d < axis ? d : d + extra - 1);
  for (int d = 0; d < extra; d++) axis_same(rules, indices, d, out, axis + d);
}

const Op op_Gather = {
    .name = "Gather",
    .brief = "Slices along an axis, picked by their indices.",
    .versions = {{1, gather_infer, gather_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(GatherParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"indices", PORT_REQUIRED, INDEX_TYPES, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = gather_axes,
    .role = ROLE_GATHER,
    .samples = {{"f32[4,3], i64[2,2]{0,-1,3,1}", NULL},
                {"f32[2,4,3], i32{1,1,-4}", "axis=1"},
                {"f32[2,4], i64[]{2}", "axis=-1"},
                {"i64{5,6,7}, i64[]{1}!", NULL},
                {"str[3], i64{2,0}", NULL},
                {"f32[2,0], i64{1}", NULL},
                {"f32[2,3], i64[0]", NULL}},
};
