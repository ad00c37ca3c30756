/* center_crop_pad.c - CenterCropPad: axes are cut or padded to given sizes, evenly on both sides. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

typedef struct CenterCropPadParams {
  Ints axes;
} CenterCropPadParams;

static Status center_crop_pad_infer(Infer *infer) {
  const CenterCropPadParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  KnownInts limits; /* refuses sizes that are no list, or too many */
  TRY(known_ints(infer, 1, "the list of sizes", GRAPH_MAX_RANK, &limits));
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  Content sizes;
  if (!content_of(&infer->in[1], &sizes)) return infer_rank(infer, 0, in->type, in->shape.rank);
  Shape out = in->shape;
  int count = params->axes.given ? params->axes.count : out.rank;
  if (sizes.count != count) return infer_fail(infer, "%d sizes are given for %d axes", sizes.count, count);
  for (int i = 0; i < count; i++) {
    int axis;
    TRY(infer_axis(infer, params->axes.given ? params->axes.values[i] : i, out.rank, &axis));
    if (sizes.items[i].known && sizes.items[i].value < 0)
      return infer_fail(infer, "the size of axis %d is %lld", axis, (long long)sizes.items[i].value);
    out.dims[axis] = content_dim(&sizes.items[i]);
  }
  return infer_set_sized(infer, 0, in->type, &out);
}

/* Where there is an odd one, cutting leaves it behind and padding puts it behind. */
static Status center_crop_pad_run(Run *run) {
  const Tensor *in = run->in[0], *out = run->out[0];
  int64_t *maps[GRAPH_MAX_RANK];
  TRY(copy_new_maps(run, &out->shape, maps));
  for (int d = 0; d < out->shape.rank; d++) {
    int64_t from = in->shape.dims[d], to = out->shape.dims[d];
    int64_t shift = from > to ? (from - to) / 2 : -((to - from) / 2);
    for (int64_t i = 0; i < to; i++) maps[d][i] = i + shift >= 0 && i + shift < from ? i + shift : -1;
  }
  static const uint64_t zero;
  copy_mapped(out, in, maps, &zero);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(CenterCropPadParams, axes, FIELD_INTS),
    {0},
};

#define CENTER_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

const Op op_CenterCropPad = {
    .name = "CenterCropPad",
    .brief = "Axes cut or padded with zeros to given sizes, evenly on both sides.",
    .versions = {{18, center_crop_pad_infer, center_crop_pad_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(CenterCropPadParams),
    .inputs = {{"input_data", PORT_REQUIRED, CENTER_TYPES, "[...]"},
               {"shape", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64), "[count]"}},
    .outputs = {{"output_data", PORT_REQUIRED, CENTER_TYPES, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "cutting and padding in one has no integer instruction",
    .samples = {{"f32[5,4], i64{2,7}!", NULL},
                {"f32[3,5,4], i64{6,3}!", "axes=[0,-1]"},
                {"i32[4], i64{4}", NULL}},
};
