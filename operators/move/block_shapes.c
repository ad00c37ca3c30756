/* shared by the family: shapes of DepthToSpace and SpaceToDepth. */
#include "operators/move/block_shapes.h"

Status block_multiply(const Infer *infer, Dim *dim, int64_t factor) {
  if (!dim_is_known(*dim)) {
    if (factor != 1) *dim = DIM_UNKNOWN;
    return OK;
  }
  if (!__builtin_mul_overflow(*dim, factor, dim)) return OK;
  return infer_fail(infer, "the output has too many elements");
}

Status block_divide(const Infer *infer, int axis, Dim *dim, int64_t factor) {
  if (!dim_is_known(*dim)) {
    if (factor != 1) *dim = DIM_UNKNOWN;
    return OK;
  }
  if (*dim % factor != 0)
    return infer_fail(infer, "axis %d of %lld elements cannot be divided by %lld", axis, (long long)*dim,
                      (long long)factor);
  *dim /= factor;
  return OK;
}

Status block_check(const Infer *infer) {
  const InferValue *in = &infer->in[0];
  if (!in->has_shape || in->shape.rank == 4) return OK;
  return infer_fail(infer, "the input has %d dimensions instead of 4", in->shape.rank);
}
