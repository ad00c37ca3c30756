/* unsqueeze.c - Unsqueeze: new dimensions of 1. */
#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

typedef struct UnsqueezeParams {
  Ints axes; /* before version 13 */
} UnsqueezeParams;

static Status mark(const Infer *infer, const KnownInts *axes, int rank, bool *added) {
  for (int i = 0; i < axes->count; i++) {
    int axis;
    if (!axis_normalize(axes->values[i], rank, &axis))
      return infer_fail(infer, "axis %lld is outside an output of %d dimensions", (long long)axes->values[i],
                        rank);
    if (added[axis]) return infer_fail(infer, "axis %d is given twice", axis);
    added[axis] = true;
  }
  return OK;
}

static Status infer_with(Infer *infer, const KnownInts *axes) {
  const InferValue *in = &infer->in[0];
  if (!in->has_shape || axes->count < 0) return infer_open(infer, 0, in->type);
  Shape out = {.rank = in->shape.rank + axes->count};
  if (!axes->known || out.rank > GRAPH_MAX_RANK) return infer_rank(infer, 0, in->type, out.rank);
  bool added[GRAPH_MAX_RANK] = {false};
  TRY(mark(infer, axes, out.rank, added));
  for (int d = 0, from = 0; d < out.rank; d++) out.dims[d] = added[d] ? 1 : in->shape.dims[from++];
  infer_set(infer, 0, in->type, &out);
  content_pass(infer);
  return OK;
}

static Status unsqueeze_infer(Infer *infer) {
  if (infer_input(infer, 1) == NULL) return infer_fail(infer, "input 1 ('axes') is missing");
  KnownInts axes;
  TRY(known_ints(infer, 1, "axes", GRAPH_MAX_RANK, &axes));
  return infer_with(infer, &axes);
}

static Status unsqueeze_infer_1(Infer *infer) {
  const UnsqueezeParams *params = infer->params;
  KnownInts axes;
  TRY(known_ints_of(infer, &params->axes, "axes", GRAPH_MAX_RANK, &axes));
  return infer_with(infer, &axes);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(UnsqueezeParams, axes, FIELD_INTS),
    {0},
};

const Op op_Unsqueeze = {
    .name = "Unsqueeze",
    .brief = "New dimensions of 1 at the given axes of the output.",
    .versions = {{13, unsqueeze_infer, run_copy, NULL, grad_view},
                 {1, unsqueeze_infer_1, run_copy, NULL, grad_view}},
    .attributes = attributes,
    .params_bytes = sizeof(UnsqueezeParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_ANY, "[...]"},
               {"axes", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"expanded", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .axes = axes_view,
    .role = ROLE_VIEW,
    .is_alias = true,
    .samples = {{"f32[3,4], i64{0,3}!", NULL},
                {"f32[3,4], i64{-1}!", NULL},
                {"i64[], i64{0}!", NULL},
                {"f32[3,4]", "axes=[1] opset=11"}},
};
