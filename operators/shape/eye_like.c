/* eye_like.c - EyeLike: ones on a diagonal. */
#include "operators/gradient.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct EyeLikeParams {
  int64_t dtype; /* 0: the input's */
  int64_t k;
} EyeLikeParams;

#define EYE_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

static Status eye_like_check(const Node *node, void *params, Error *err) {
  int64_t type = ((EyeLikeParams *)params)->dtype;
  if (type == 0 || (type < 32 && element_in((ElementType)type, EYE_TYPES))) return OK;
  return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'dtype' is %lld, no numeric type that edgec has",
              node->name, node->type, (long long)type);
}

static Status eye_like_infer(Infer *infer) {
  const EyeLikeParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  ElementType type = params->dtype == 0 ? in->type : (ElementType)params->dtype;
  if (!in->has_shape) return infer_rank(infer, 0, type, 2);
  if (in->shape.rank != 2)
    return infer_fail(infer, "the input has %d dimensions instead of 2", in->shape.rank);
  infer_set(infer, 0, type, &in->shape);
  return OK;
}

static Status eye_like_run(Run *run) {
  Tensor *out = run->out[0];
  int64_t k = ((const EyeLikeParams *)run->params)->k;
  int64_t height = out->shape.dims[0], width = out->shape.dims[1];
  if (tensor_elements(out) == 0) return OK;
  memset(out->data, 0, tensor_bytes(out));
  if (k <= -height || k >= width) return OK;
  for (int64_t row = k < 0 ? -k : 0; row < height && row + k < width; row++)
    tensor_set(out, row * width + row + k, 1);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(EyeLikeParams, dtype, FIELD_INT, .least = 0, .most = 31),
    ATTRIBUTE(EyeLikeParams, k, FIELD_INT),
    {0},
};

const Op op_EyeLike = {
    .name = "EyeLike",
    .brief = "A matrix with ones on a diagonal, of the shape of another one.",
    .versions = {{9, eye_like_infer, eye_like_run, NULL, grad_zero}},
    .attributes = attributes,
    .params_bytes = sizeof(EyeLikeParams),
    .check = eye_like_check,
    .inputs = {{"input", PORT_REQUIRED, EYE_TYPES, "[H, W]"}},
    .outputs = {{"output", PORT_REQUIRED, EYE_TYPES, "[H, W]"}},
    .role = ROLE_INDEX,
    .samples = {{"f32[3,4]", "k=1"}, {"i32[3,3]", "dtype=11"}, {"i64[3,2]", "k=-1"}, {"f32[2,2]", "k=7"}},
};
