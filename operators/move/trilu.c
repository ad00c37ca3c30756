/* trilu.c - Trilu: the upper or lower triangle of matrices. */
#include "operators/gradient_moved.h"
#include "operators/move/element_copy.h"
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <string.h>

typedef struct TriluParams {
  bool upper;
} TriluParams;

static Status trilu_infer(Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (in->has_shape && in->shape.rank < 2)
    return infer_fail(infer, "the input has %d dimensions, at least 2 are needed", in->shape.rank);
  if (infer_input(infer, 1) != NULL && infer->in[1].has_shape && shape_is_known(&infer->in[1].shape) &&
      shape_elements(&infer->in[1].shape) != 1)
    return infer_fail(infer, "the diagonal is no single number");
  if (!in->has_shape) return infer_open(infer, 0, in->type);
  infer_set(infer, 0, in->type, &in->shape);
  return OK;
}

static Status trilu_run(Run *run) {
  const Tensor *out = run->out[0];
  bool upper = ((const TriluParams *)run->params)->upper;
  int64_t diagonal = run_input(run, 1) != NULL ? tensor_get_integer(run->in[1], 0) : 0;
  TRY(run_copy(run));
  if (tensor_elements(out) == 0) return OK;
  int rank = out->shape.rank;
  int64_t height = out->shape.dims[rank - 2], width = out->shape.dims[rank - 1];
  int64_t rows = tensor_elements(out) / width;
  diagonal = diagonal > width ? width : diagonal < -height ? -height : diagonal;
  for (int64_t row = 0; row < rows; row++)
    for (int64_t column = 0; column < width; column++) {
      int64_t beyond = column - row % height - diagonal;
      if (upper ? beyond < 0 : beyond > 0)
        memset(copy_at(out, row * width + column), 0, element_bytes(out->type));
    }
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(TriluParams, upper, FIELD_BOOL, .otherwise = 1),
    {0},
};

#define TRILU_TYPES (ELEMENTS_NUMERIC | ELEMENT_BIT(ELEMENT_BOOL))

const Op op_Trilu = {
    .name = "Trilu",
    .brief = "The upper or lower triangle of matrices, zeros elsewhere.",
    .versions = {{14, trilu_infer, trilu_run, NULL, grad_moved}},
    .attributes = attributes,
    .params_bytes = sizeof(TriluParams),
    .inputs = {{"input", PORT_REQUIRED, TRILU_TYPES, "[..., H, W]"},
               {"k", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[]"}},
    .outputs = {{"output", PORT_REQUIRED, TRILU_TYPES, "[..., H, W]"}},
    .role = ROLE_FLOAT,
    .role_reason = "a triangle of zeros has no integer instruction",
    .samples = {{"f32[3,4]", NULL},
                {"f32[2,3,3], i64[]{-1}!", "upper=0"},
                {"i64[3,3], i64[]{1}", NULL},
                {"bool[2,2], i64[]{-9}!", "upper=0"}},
};
