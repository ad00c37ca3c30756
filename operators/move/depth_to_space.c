/* depth_to_space.c - DepthToSpace: channels become blocks of pixels. */
#include "operators/gradient_moved.h"
#include "operators/move/block_shapes.h"
#include "operators/move/element_copy.h"
#include "operators/shape/content.h"

typedef enum DepthMode { DEPTH_DCR, DEPTH_CRD } DepthMode;
static const char *const modes[] = {"DCR", "CRD", NULL};

typedef struct DepthToSpaceParams {
  int64_t blocksize;
  int mode; /* whether the block or the channel comes first in the input's channels */
} DepthToSpaceParams;

static Status depth_to_space_infer(Infer *infer) {
  int64_t side = ((const DepthToSpaceParams *)infer->params)->blocksize;
  const InferValue *in = &infer->in[0];
  TRY(block_check(infer));
  if (!in->has_shape) return infer_rank(infer, 0, in->type, 4);
  Shape out = in->shape;
  TRY(block_divide(infer, 1, &out.dims[1], side * side));
  TRY(block_multiply(infer, &out.dims[2], side));
  TRY(block_multiply(infer, &out.dims[3], side));
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static Status depth_to_space_run(Run *run) {
  const DepthToSpaceParams *params = run->params;
  const Tensor *in = run->in[0];
  int64_t side = params->blocksize, height = in->shape.dims[2], width = in->shape.dims[3];
  int64_t plane = height * width, channels = run->out[0]->shape.dims[1];
  bool block_first = params->mode == DEPTH_DCR;
  int64_t channel = block_first ? plane : side * side * plane,
          column = block_first ? channels * plane : plane;
  CopyAxis axes[] = {{in->shape.dims[0], in->shape.dims[1] * plane},
                     {channels, channel},
                     {height, width},
                     {side, side * column},
                     {width, 1},
                     {side, column}};
  copy_strided(run->out[0]->data, in->data, element_bytes(in->type), axes, 6);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(DepthToSpaceParams, blocksize, FIELD_INT, .required = true, .least = 1, .most = BLOCK_MAX),
    ATTRIBUTE(DepthToSpaceParams, mode, FIELD_CHOICE, .choices = modes),
    {0},
};

const Op op_DepthToSpace = {
    .name = "DepthToSpace",
    .brief = "Channels become blocks of pixels.",
    .versions = {{1, depth_to_space_infer, depth_to_space_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(DepthToSpaceParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[N, C, H, W]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[N, C/b/b, H*b, W*b]"}},
    .role = ROLE_SAME_SCALE,
    .samples = {{"f32[1,8,2,3]", "blocksize=2"},
                {"f32[2,8,2,3]", "blocksize=2 mode=\"CRD\""},
                {"i8[1,9,1,2]", "blocksize=3"}},
};
