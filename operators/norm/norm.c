/* shared by the family: moments and broadcast scales. */
#include "operators/norm/norm.h"

Moments moments_across(const double *x, int64_t groups, int64_t step, int64_t count) {
  double sum = 0, squares = 0, total = (double)groups * (double)count;
  for (int64_t g = 0; g < groups; g++)
    for (int64_t i = 0; i < count; i++) sum += x[g * step + i];
  double mean = sum / total;
  for (int64_t g = 0; g < groups; g++)
    for (int64_t i = 0; i < count; i++) squares += (x[g * step + i] - mean) * (x[g * step + i] - mean);
  return (Moments){mean, squares / total};
}

Moments moments_of(const double *x, int64_t count) {
  return moments_across(x, 1, 0, count);
}

#define LANES 4 /* independent sums, so that additions overlap */

Moments moments_f32(const float *x, int64_t count) {
  double sums[LANES] = {0}, squares[LANES] = {0};
  int64_t whole = count / LANES * LANES;
  for (int64_t i = 0; i < whole; i += LANES)
    for (int j = 0; j < LANES; j++) sums[j] += (double)x[i + j];
  for (int64_t i = whole; i < count; i++) sums[0] += (double)x[i];
  double mean = (sums[0] + sums[1] + sums[2] + sums[3]) / (double)count;
  for (int64_t i = 0; i < whole; i += LANES)
    for (int j = 0; j < LANES; j++) squares[j] += ((double)x[i + j] - mean) * ((double)x[i + j] - mean);
  for (int64_t i = whole; i < count; i++) squares[0] += ((double)x[i] - mean) * ((double)x[i] - mean);
  return (Moments){mean, (squares[0] + squares[1] + squares[2] + squares[3]) / (double)count};
}

Status norm_check_vector(Infer *infer, int i, Dim count) {
  const InferValue *value = infer_input(infer, i);
  if (value == NULL || !value->has_shape) return OK;
  if (value->shape.rank != 1) return infer_fail(infer, "input %d must have one axis", i);
  if (dim_is_known(count) && dim_is_known(value->shape.dims[0]) && value->shape.dims[0] != count)
    return infer_fail(infer, "input %d has %lld elements where %lld are needed", i,
                      (long long)value->shape.dims[0], (long long)count);
  return OK;
}

Status norm_check_trailing(Infer *infer, int i, const Shape *data, int axis) {
  const InferValue *value = infer_input(infer, i);
  if (value == NULL || !value->has_shape) return OK;
  int lead = data->rank - value->shape.rank;
  if (lead < 0) return infer_fail(infer, "input %d has more axes than the data", i);
  for (int j = 0; j < value->shape.rank; j++) {
    Dim dim = value->shape.dims[j], over = data->dims[lead + j];
    if (dim == 1 || !dim_is_known(dim)) continue;
    if (lead + j < axis || (dim_is_known(over) && over != dim))
      return infer_fail(infer, "input %d cannot be broadcast to the normalized axes", i);
  }
  return OK;
}

const double *norm_trailing(Run *run, int i, int axis, double otherwise) {
  const Shape *data = &run->in[0]->shape;
  const Tensor *tensor = run_input(run, i);
  int64_t count = shape_product(data, axis, data->rank), strides[GRAPH_MAX_RANK];
  if (tensor != NULL && tensor_elements(tensor) == count) return reals_of(run, tensor);
  double *reals = reals_new(run, count);
  if (tensor != NULL) shape_strides(&tensor->shape, strides);
  for (int64_t at = 0; reals != NULL && at < count; at++) {
    int64_t from = 0, rest = at;
    for (int j = data->rank - 1; tensor != NULL && j >= axis; j--) {
      int own = j - (data->rank - tensor->shape.rank);
      if (own >= 0 && tensor->shape.dims[own] != 1) from += rest % data->dims[j] * strides[own];
      rest /= data->dims[j];
    }
    reals[at] = tensor == NULL ? otherwise : tensor_get(tensor, from);
  }
  return reals;
}

void norm_axes(AxisRules *rules) {
  const Value *x = rules_in(rules, 0);
  for (int i = 1; i < rules->node->input_count; i++) axes_broadcast(rules, rules_in(rules, i), x);
  for (int o = 0; o < rules->node->output_count; o++) axes_broadcast(rules, rules_out(rules, o), x);
}
