/* shared by the family: indices that are content, for Gather and Scatter operators. */
#include "operators/move/element_index.h"

#include "operators/move/element_copy.h"

#include <string.h>

const char *const scatter_reductions[] = {"none", "add", "mul", "max", "min", NULL};

Status index_read(Run *run, const Tensor *indices, int64_t i, int64_t extent, int64_t *index) {
  *index = tensor_get_integer(indices, i);
  if (*index < -extent || *index >= extent)
    return run_fail(run, "index %lld is outside an axis of %lld elements", (long long)*index,
                    (long long)extent);
  if (*index < 0) *index += extent;
  return OK;
}

Status elements_check(const Infer *infer, const Shape *data, const Shape *indices, int axis) {
  if (indices->rank != data->rank)
    return infer_fail(infer, "the indices have %d dimensions, the data %d", indices->rank, data->rank);
  for (int d = 0; d < data->rank; d++) {
    Dim wanted = indices->dims[d], there = data->dims[d];
    if (d != axis && dim_is_known(wanted) && dim_is_known(there) && wanted > there)
      return infer_fail(infer, "axis %d of the indices has %lld elements, that of the data %lld", d,
                        (long long)wanted, (long long)there);
  }
  return OK;
}

Status elements_offset(Run *run, const Tensor *data, const Tensor *indices, int axis, int64_t i,
                       int64_t *offset) {
  int64_t strides[GRAPH_MAX_RANK], index;
  shape_strides(&data->shape, strides);
  TRY(index_read(run, indices, i, data->shape.dims[axis], &index));
  *offset = index * strides[axis];
  for (int d = indices->shape.rank - 1; d >= 0; d--) {
    if (d != axis) *offset += i % indices->shape.dims[d] * strides[d];
    i /= indices->shape.dims[d];
  }
  return OK;
}

Status rows_check(const Infer *infer, const Shape *data, const Shape *indices, int64_t batch, int *length) {
  *length = -1;
  if (data->rank < 1 || indices->rank < 1)
    return infer_fail(infer, "the data and the indices need at least one dimension each");
  if (batch >= data->rank || batch >= indices->rank)
    return infer_fail(infer, "%lld batch dimensions are more than there are", (long long)batch);
  for (int d = 0; d < batch; d++) {
    Dim a = data->dims[d], b = indices->dims[d];
    if (dim_is_known(a) && dim_is_known(b) && a != b)
      return infer_fail(infer, "batch dimension %d is %lld in the data, %lld in the indices", d, (long long)a,
                        (long long)b);
  }
  Dim last = indices->dims[indices->rank - 1];
  if (!dim_is_known(last)) return OK;
  if (last > data->rank - batch)
    return infer_fail(infer, "rows of %lld indices are too long for data of %d dimensions", (long long)last,
                      data->rank);
  *length = (int)last;
  return OK;
}

Status rows_offset(Run *run, const Tensor *data, const Tensor *indices, int batch, int64_t row,
                   int64_t *offset) {
  int rank = indices->shape.rank, length = (int)indices->shape.dims[rank - 1];
  int64_t strides[GRAPH_MAX_RANK], rest = row;
  shape_strides(&data->shape, strides);
  *offset = 0;
  for (int d = rank - 2; d >= 0; d--) {
    if (d < batch) *offset += rest % indices->shape.dims[d] * strides[d];
    rest /= indices->shape.dims[d];
  }
  for (int k = 0; k < length; k++) {
    int64_t index;
    TRY(index_read(run, indices, row * length + k, data->shape.dims[batch + k], &index));
    *offset += index * strides[batch + k];
  }
  return OK;
}

static double reduce_float(int reduction, double a, double b) {
  switch (reduction) {
  case SCATTER_ADD:
    return a + b;
  case SCATTER_MUL:
    return a * b;
  case SCATTER_MAX:
    return b > a || b != b ? b : a;
  default:
    return b < a || b != b ? b : a;
  }
}

/* Sums and products wrap, as in the tensors' own types. */
static int64_t reduce_integer(int reduction, int64_t a, int64_t b) {
  switch (reduction) {
  case SCATTER_ADD:
    return (int64_t)((uint64_t)a + (uint64_t)b);
  case SCATTER_MUL:
    return (int64_t)((uint64_t)a * (uint64_t)b);
  case SCATTER_MAX:
    return b > a ? b : a;
  default:
    return b < a ? b : a;
  }
}

void scatter_reduce(int reduction, Tensor *out, int64_t to, const Tensor *updates, int64_t from,
                    int64_t count) {
  if (reduction == SCATTER_NONE) {
    if (count > 0) memcpy(copy_at(out, to), copy_at(updates, from), (size_t)count * element_bytes(out->type));
    return;
  }
  for (int64_t i = 0; i < count; i++)
    if (element_is_float(out->type))
      tensor_set(out, to + i,
                 reduce_float(reduction, tensor_get(out, to + i), tensor_get(updates, from + i)));
    else
      tensor_set_integer(
          out, to + i,
          reduce_integer(reduction, tensor_get_integer(out, to + i), tensor_get_integer(updates, from + i)));
}
