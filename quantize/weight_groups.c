#include "quantize/weight_groups.h"

#include "quantize/weight_clip.h"

#include <math.h>

#define FACTOR_ROOM                                                                                          \
  0x1p29 /* of the accumulator for what rounding adds: half a code times factor times input */

static bool is_matrix_or_table(const Node *node) {
  return node_is(node, "Gemm") || node_is(node, "MatMul") || node_is(node, "Gather");
}

/* Sums over axis 0 for each channel of axis 1. */
static bool is_whole_transpose(const Node *node) {
  return node_is(node, "ConvTranspose") && node_int(node, "group", 1) == 1;
}

/* All users sum products over one axis, or take rows. */
static bool has_one_form(const Value *weight) {
  const Node *first = weight->users[0];
  for (int u = 1; u < weight->user_count; u++)
    if (!node_is(weight->users[u], first->type) &&
        !(is_matrix_or_table(first) && is_matrix_or_table(weight->users[u])))
      return false;
  return node_is(first, "Conv") || is_whole_transpose(first) || is_matrix_or_table(first);
}

int weight_groups_factor_most(int64_t depth) {
  return (int)fmax(fmin(floor(FACTOR_ROOM / (255.0 * (double)depth)), 255), 1);
}

WeightGroups weight_groups_of(const Value *weight, int channel_axis, int64_t size) {
  const Shape *shape = &weight->constant->shape;
  WeightGroups groups = {.channel_axis = channel_axis, .axis = 1 - channel_axis};
  if (size <= 0 || !has_one_form(weight)) return groups;
  int64_t length = shape->dims[groups.axis], depth = shape_elements(shape) / shape->dims[channel_axis];
  for (size -= size % WEIGHT_GROUP_RUN; size > 0 && length % size != 0;) size -= WEIGHT_GROUP_RUN;
  if (size == 0) return groups;
  groups.size = size;
  groups.length = length;
  groups.behind = depth / length;
  groups.count = depth / size;
  groups.factor_most = weight_groups_factor_most(depth);
  return groups;
}

void weight_groups_order(const WeightGroups *groups, const float *channel, float *ordered) {
  for (int64_t b = 0; b < groups->behind; b++)
    for (int64_t i = 0; i < groups->length; i++) *ordered++ = channel[i * groups->behind + b];
}

double weight_groups_scales(const WeightGroups *groups, const float *row, double *scales) {
  double largest = 0;
  for (int64_t g = 0; g < groups->count; g++) {
    scales[g] = weight_clip_scale(row + g * groups->size, groups->size, 7);
    largest = fmax(largest, scales[g]);
  }
  return largest;
}
