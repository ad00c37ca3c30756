#include "graph/quant_spec.h"

int64_t quant_groups(const QuantSpec *spec, const Shape *weight) {
  int64_t depth = shape_elements(weight) / weight->dims[spec->axis];
  return depth / spec->group_size;
}

/* Elements from one step along an axis to the next, and which step element i is in. */
static int64_t position_along(const Shape *shape, int axis, int64_t i) {
  return i / shape_product(shape, axis + 1, shape->rank) % shape->dims[axis];
}

double quant_step(const QuantSpec *spec, const Shape *weight, int64_t i) {
  int64_t channel = spec->axis < 0 ? 0 : position_along(weight, spec->axis, i);
  double scale = (double)spec->scales[channel];
  if (spec->group_size == 0) return scale;
  int last = spec->axis > spec->group_axis ? spec->axis : spec->group_axis;
  int64_t behind = i % shape_product(weight, last + 1, weight->rank);
  int64_t along = weight->dims[spec->group_axis] / spec->group_size;
  int64_t group = behind * along + position_along(weight, spec->group_axis, i) / spec->group_size;
  return scale * spec->factors[channel * quant_groups(spec, weight) + group];
}
