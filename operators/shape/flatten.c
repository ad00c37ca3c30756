/* flatten.c - Flatten: a matrix of the dimensions before and from an axis. */
#include "operators/axes.h"
#include "operators/gradient.h"
#include "operators/shape/content.h"

typedef struct FlattenParams {
  int64_t axis;
} FlattenParams;

/* Product of dims[from..to-1]: a number, the one symbol there is, or unknown; false on overflow. */
static bool product(const Shape *shape, int from, int to, Dim *result) {
  int64_t number = 1;
  int unknown = 0;
  Dim symbol = DIM_UNKNOWN;
  for (int d = from; d < to; d++) {
    if (!dim_is_known(shape->dims[d]))
      unknown++, symbol = shape->dims[d];
    else if (__builtin_mul_overflow(number, shape->dims[d], &number))
      return false;
  }
  *result = unknown == 0 ? number : unknown == 1 && number == 1 ? symbol : DIM_UNKNOWN;
  return true;
}

static Status flatten_infer(Infer *infer) {
  const FlattenParams *params = infer->params;
  const InferValue *in = &infer->in[0];
  if (!in->has_shape) return infer_rank(infer, 0, in->type, 2);
  int rank = in->shape.rank;
  int64_t axis = params->axis < 0 ? params->axis + rank : params->axis;
  if (axis < 0 || axis > rank)
    return infer_fail(infer, "axis %lld is outside an input of %d dimensions", (long long)params->axis, rank);
  Shape out = {.rank = 2};
  if (!product(&in->shape, 0, (int)axis, &out.dims[0]) || !product(&in->shape, (int)axis, rank, &out.dims[1]))
    return infer_fail(infer, "the input has too many elements");
  infer_set(infer, 0, in->type, &out);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(FlattenParams, axis, FIELD_INT, .otherwise = 1),
    {0},
};

const Op op_Flatten = {
    .name = "Flatten",
    .brief = "A matrix: the dimensions before `axis` times those from it on.",
    .versions = {{1, flatten_infer, run_copy, NULL, grad_view}},
    .attributes = attributes,
    .params_bytes = sizeof(FlattenParams),
    .inputs = {{"input", PORT_REQUIRED, ELEMENTS_ANY, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_ANY, "[A, B]"}},
    .axes = axes_view,
    .role = ROLE_VIEW,
    .is_alias = true,
    .samples = {{"f32[2,3,4]", NULL},
                {"f32[2,3,4]", "axis=0"},
                {"f32[2,3,4]", "axis=-1"},
                {"i8[]", "axis=0"}},
};
