#include "quantize/weight_groups.h"

#include "quantize/weight_clip.h"

#include <math.h>

#define FACTOR_ROOM                                                                                          \
  0x1p29 /* of the accumulator for what rounding adds: half a code times factor times input */

/* All users do the same with it, and that is a sum of products over one axis. */
static bool has_one_form(const Value *weight) {
  const Node *first = weight->users[0];
  for (int u = 1; u < weight->user_count; u++)
    if (!node_is(weight->users[u], first->type)) return false;
  return node_is(first, "Conv") || node_is(first, "Gemm") || node_is(first, "MatMul");
}

WeightGroups weight_groups_of(const Value *weight, int channel_axis, int64_t size) {
  const Shape *shape = &weight->constant->shape;
  WeightGroups groups = {.channel_axis = channel_axis, .axis = 1 - channel_axis};
  if (size <= 0 || !has_one_form(weight)) return groups;
  int64_t length = shape->dims[groups.axis], depth = shape_elements(shape) / shape->dims[channel_axis];
  for (size -= size % WEIGHT_GROUP_RUN; size > 0 && length % size != 0;) size -= WEIGHT_GROUP_RUN;
  if (size == 0) return groups;
  groups.size = size;
  groups.count = depth / size;
  groups.factor_most = (int)fmax(fmin(floor(FACTOR_ROOM / (255.0 * (double)depth)), 255), 1);
  return groups;
}

void weight_groups_gather(const WeightGroups *groups, const Tensor *weight, int64_t channel, float *row) {
  const Shape *shape = &weight->shape;
  const float *values = weight->data;
  int64_t behind = shape_product(shape, 2, shape->rank), length = shape->dims[groups->axis];
  int64_t step = shape_product(shape, groups->axis + 1, shape->rank);
  values += channel * shape_product(shape, groups->channel_axis + 1, shape->rank);
  for (int64_t b = 0; b < behind; b++)
    for (int64_t i = 0; i < length; i++) *row++ = values[i * step + b];
}

double weight_groups_scales(const WeightGroups *groups, const float *row, double *scales) {
  double largest = 0;
  for (int64_t g = 0; g < groups->count; g++) {
    scales[g] = weight_clip_scale(row + g * groups->size, groups->size, 7);
    largest = fmax(largest, scales[g]);
  }
  return largest;
}
