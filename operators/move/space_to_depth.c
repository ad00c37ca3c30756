/* space_to_depth.c - SpaceToDepth: blocks of pixels become channels. */
#include "operators/gradient_moved.h"
#include "operators/move/block_shapes.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

typedef struct SpaceToDepthParams {
  int64_t blocksize;
} SpaceToDepthParams;

static Status space_to_depth_infer(Infer *infer) {
  int64_t side = ((const SpaceToDepthParams *)infer->params)->blocksize;
  const InferValue *in = &infer->in[0];
  TRY(block_check(infer));
  if (!in->has_shape) return infer_rank(infer, 0, in->type, 4);
  Shape out = in->shape;
  TRY(block_multiply(infer, &out.dims[1], side * side));
  TRY(block_divide(infer, 2, &out.dims[2], side));
  TRY(block_divide(infer, 3, &out.dims[3], side));
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static Status space_to_depth_run(Run *run) {
  const Tensor *in = run->in[0], *out = run->out[0];
  int64_t side = ((const SpaceToDepthParams *)run->params)->blocksize;
  int64_t channels = in->shape.dims[1], width = in->shape.dims[3], plane = in->shape.dims[2] * width;
  CopyAxis axes[] = {{in->shape.dims[0], channels * plane},
                     {side, width},
                     {side, 1},
                     {channels, plane},
                     {out->shape.dims[2], side * width},
                     {out->shape.dims[3], side}};
  copy_strided(out->data, in->data, element_bytes(in->type), axes, 6);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(SpaceToDepthParams, blocksize, FIELD_INT, .required = true, .least = 1, .most = BLOCK_MAX),
    {0},
};

const Op op_SpaceToDepth = {
    .name = "SpaceToDepth",
    .brief = "Blocks of pixels become channels.",
    .versions = {{1, space_to_depth_infer, space_to_depth_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(SpaceToDepthParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[N, C, H, W]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[N, C*b*b, H/b, W/b]"}},
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[1,2,4,6]", "blocksize=2"}, {"i8[2,1,3,3]", "blocksize=3"}},
};
