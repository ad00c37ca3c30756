/* shared by the family: scales, codes and zero points. */
#include "operators/quant/quant.h"

#include <math.h>

/* ---- attributes ---- */

const AttributeRow quant_attributes[] = {
    ATTRIBUTE(QuantParams, axis, FIELD_INT, .otherwise = 1),
    ATTRIBUTE(QuantParams, block_size, FIELD_INT, .least = 0, .most = INT64_C(1) << 40),
    ATTRIBUTE(QuantParams, output_dtype, FIELD_INT, .otherwise = 0),
    ATTRIBUTE(QuantParams, precision, FIELD_INT, .otherwise = 0),
    ATTRIBUTE(QuantParams, saturate, FIELD_INT, .otherwise = 1),
    {0}};

Status quant_check_params(const Node *node, void *params, Error *err) {
  const QuantParams *own = params;
  int64_t types[] = {own->output_dtype, own->precision};
  for (int i = 0; i < 2; i++)
    if (types[i] < 0 || types[i] > 31 || (types[i] != 0 && element_bytes((ElementType)types[i]) == 0))
      return fail(err, UNSUPPORTED, "node '%s' (%s): element type %lld is not supported", node->name,
                  node->type, (long long)types[i]);
  return OK;
}

/* ---- shapes ---- */

static bool is_single(const Shape *scale) {
  return scale->rank == 0 || (scale->rank == 1 && scale->dims[0] == 1);
}

static bool may_be(Dim dim, int64_t expected) {
  return !dim_is_known(dim) || dim == expected;
}

/* Blocks of `x` along the axis, the last one perhaps shorter. */
static bool blocks_fit(const Shape *x, const Shape *scale, int axis, int64_t block) {
  if (x->rank != scale->rank) return false;
  for (int d = 0; d < x->rank; d++) {
    if (!dim_is_known(x->dims[d])) continue;
    int64_t rest = x->dims[d] % block != 0;
    if (!may_be(scale->dims[d], d == axis ? x->dims[d] / block + rest : x->dims[d])) return false;
  }
  return true;
}

Status quant_check_shapes(Infer *infer) {
  const QuantParams *params = infer->params;
  const InferValue *x = &infer->in[0], *scale = &infer->in[1];
  bool has_zero_point = infer->input_count > 2 && infer->in[2].present && infer->in[2].has_shape;
  int axis;
  if (!scale->has_shape) return OK;
  if (has_zero_point && shape_is_known(&scale->shape) && shape_is_known(&infer->in[2].shape) &&
      shape_elements(&scale->shape) != shape_elements(&infer->in[2].shape))
    return infer_fail(infer, "scale and zero point differ in shape");
  if (is_single(&scale->shape) || !x->has_shape) return OK;
  if (!axis_normalize(params->axis, x->shape.rank, &axis))
    return infer_fail(infer, "axis %lld is outside the input's %d axes", (long long)params->axis,
                      x->shape.rank);
  bool fits = params->block_size > 0
                  ? blocks_fit(&x->shape, &scale->shape, axis, params->block_size)
                  : scale->shape.rank == 1 && (!dim_is_known(x->shape.dims[axis]) ||
                                               may_be(scale->shape.dims[0], x->shape.dims[axis]));
  return fits ? OK : infer_fail(infer, "the scale's shape does not fit the input's along axis %d", axis);
}

ScaleMap scale_map(const Shape *x, const Shape *scale, const QuantParams *params) {
  int axis;
  if (is_single(scale) || !axis_normalize(params->axis, x->rank, &axis))
    return (ScaleMap){.inner = 1, .dim = 1, .block = 1};
  ScaleMap map = {.inner = shape_product(x, axis + 1, x->rank), .dim = x->dims[axis], .block = 1};
  map.block_step = 1;
  if (params->block_size > 0) {
    map.block = params->block_size;
    map.outer_step = scale->dims[axis] * map.inner;
    map.block_step = map.inner;
    map.inner_step = 1;
  }
  return map;
}

/* ---- codes ---- */

void code_set(Tensor *codes, int64_t i, double value, int64_t zero_point) {
  double low, high;
  element_limits(codes->type, &low, &high);
  double code = (isnan(value) ? 0 : nearbyint(value)) + (double)zero_point;
  tensor_set_integer(codes, i, (int64_t)fmin(fmax(code, low), high));
}

int64_t zero_point_at(const Tensor *zero_points, int64_t i) {
  if (zero_points == NULL) return 0;
  return tensor_get_integer(zero_points, tensor_elements(zero_points) == 1 ? 0 : i);
}

double zero_real_at(const Tensor *zero_points, int64_t i) {
  return zero_points == NULL ? 0 : scale_at(zero_points, i);
}

double scale_at(const Tensor *scales, int64_t i) {
  return tensor_get(scales, tensor_elements(scales) == 1 ? 0 : i);
}
