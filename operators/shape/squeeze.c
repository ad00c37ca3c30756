/* squeeze.c - Squeeze: drops dimensions of 1. */
#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct SqueezeParams {
  Ints axes; /* before version 13 */
} SqueezeParams;

static Status mark(const Infer *infer, const KnownInts *axes, int rank, bool *dropped) {
  for (int i = 0; i < axes->count; i++) {
    int axis;
    TRY(infer_axis(infer, axes->values[i], rank, &axis));
    dropped[axis] = true;
  }
  return OK;
}

static Status squeeze_to(Infer *infer, const KnownInts *axes, bool all) {
  const InferValue *in = &infer->in[0];
  int rank = in->shape.rank;
  bool dropped[GRAPH_MAX_RANK] = {false};
  TRY(mark(infer, axes, rank, dropped));
  Shape out = {0};
  for (int d = 0; d < rank; d++) {
    Dim dim = in->shape.dims[d];
    if (all && !dim_is_known(dim)) return infer_open(infer, 0, in->type);
    if (dropped[d] && dim_is_known(dim) && dim != 1)
      return infer_fail(infer, "axis %d has %lld elements and cannot be dropped", d, (long long)dim);
    if (dropped[d] || (all && dim == 1)) continue;
    out.dims[out.rank++] = dim;
  }
  infer_set(infer, 0, in->type, &out);
  content_pass(infer);
  return OK;
}

static Status infer_with(Infer *infer, const KnownInts *axes, bool all) {
  const InferValue *in = &infer->in[0];
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  if (axes->known) return squeeze_to(infer, axes, all);
  if (axes->count < 0 || axes->count > in->shape.rank) return infer_open(infer, 0, in->type);
  return infer_rank(infer, 0, in->type, in->shape.rank - axes->count);
}

static Status squeeze_infer(Infer *infer) {
  KnownInts axes;
  TRY(known_ints(infer, 1, "axes", GRAPH_MAX_RANK, &axes));
  return infer_with(infer, &axes, infer_input(infer, 1) == NULL);
}

static Status squeeze_infer_1(Infer *infer) {
  const SqueezeParams *params = infer->params;
  KnownInts axes;
  TRY(known_ints_of(infer, &params->axes, "axes", GRAPH_MAX_RANK, &axes));
  return infer_with(infer, &axes, !params->axes.given);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SqueezeParams, axes, FIELD_INTS),
    {0},
};

const Op op_Squeeze = {
    .name = "Squeeze",
    .brief = "Drops dimensions of 1: the given axes, or all.",
    .versions = {{13, squeeze_infer, run_copy, NULL, grad_view},
                 {1, squeeze_infer_1, run_copy, NULL, grad_view}},
    .attributes = attributes,
    .params_bytes = sizeof(SqueezeParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"axes", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"squeezed", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = axes_view,
    .role = ROLE_VIEW,
    .is_alias = true,
    .samples = {{"f32[1,3,1,5], i64{0}!", NULL},
                {"f32[1,3,1,5], i64{-2}!", NULL},
                {"f32[1,3,1,5]", NULL},
                {"i64{7}, i64{0}!", NULL},
                {"f32[1,3,1,5]", "axes=[0,2] opset=11"}},
};
