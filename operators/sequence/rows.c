/* shared by the family: rows of a tensor. */
#include "operators/sequence/rows.h"

#include <string.h>

/* Bytes of one step along the axis. */
static size_t step_of(const Tensor *tensor, int axis) {
  return (size_t)shape_product(&tensor->shape, axis + 1, tensor->shape.rank) * element_bytes(tensor->type);
}

void rows_put(const Tensor *part, Tensor *whole, int axis, int64_t at) {
  size_t step = step_of(part, axis), run = step * (size_t)part->shape.dims[axis];
  size_t stride = step * (size_t)whole->shape.dims[axis];
  int64_t outer = shape_product(&part->shape, 0, axis);
  for (int64_t o = 0; run > 0 && o < outer; o++)
    memcpy((char *)whole->data + (size_t)o * stride + (size_t)at * step, (char *)part->data + (size_t)o * run,
           run);
}

void rows_take(const Tensor *whole, int axis, int64_t at, Tensor *part) {
  size_t step = step_of(part, axis), run = step * (size_t)part->shape.dims[axis];
  size_t stride = step * (size_t)whole->shape.dims[axis];
  int64_t outer = shape_product(&part->shape, 0, axis);
  for (int64_t o = 0; run > 0 && o < outer; o++)
    memcpy((char *)part->data + (size_t)o * run, (char *)whole->data + (size_t)o * stride + (size_t)at * step,
           run);
}
