/*
 * Codes of weights are symmetric here: -127..127 around zero, or -7..7 in 4 bits. Codes of others keep their
 * meaning as far as that goes. In a channel that goes beyond 127, codes are clipped or the scale is widened,
 * whichever has less squared error; 4-bit codes beyond 7 become 8-bit ones, which loses nothing but space.
 *
 * Blocks of 4-bit codes become groups where their scales are whole multiples of one scale a channel, as those
 * are that edgec writes.
 */
#include "quantize/qdq_constant.h"

#include "operators/quant/quant.h"
#include "quantize/specs.h"
#include "quantize/weight_groups.h"

#include <math.h>
#include <stdlib.h>

#define CODE_MAX 127
#define CODE_MAX_4 7
#define WHOLE 1e-4 /* a factor is a whole number to so much */

bool qdq_is_8bit(const Tensor *tensor) {
  return tensor->type == ELEMENT_INT8 || tensor->type == ELEMENT_UINT8;
}

static bool is_4bit(const Tensor *tensor) {
  return tensor->type == ELEMENT_INT4 || tensor->type == ELEMENT_UINT4;
}

bool qdq_is_scale(double scale) {
  return isnormal((float)scale) && scale > 0;
}

/* The spec with a copy of its scales in the graph's arena becomes the value's. */
static Status give_spec(Graph *graph, Value *value, QuantSpec spec, const Tensor *scales, Error *err) {
  float *copy = arena_new(&graph->arena, (size_t)spec.scale_count, sizeof *copy, err);
  if (copy == NULL) return err->status;
  for (int64_t i = 0; i < spec.scale_count; i++) copy[i] = (float)tensor_get(scales, i);
  spec.kind = QUANT_INTEGER;
  spec.scales = copy;
  spec.is_fixed = true;
  return spec_set(graph, value, &spec, err);
}

Status qdq_give_activation(Graph *graph, Value *value, const Node *last, Error *err) {
  const Tensor *zero_points = node_constant(last, 2), *scales = node_constant(last, 1);
  int32_t below = last->inputs[0]->type == ELEMENT_UINT8 ? -128 : 0; /* as specs count: from -128 on */
  QuantSpec spec = {.bits = 8, .axis = -1, .scale_count = 1};
  spec.zero_point = below + (int32_t)zero_point_at(zero_points, 0);
  double scale = tensor_get(scales, 0);
  spec.low = scale * (INT8_MIN - spec.zero_point);
  spec.high = scale * (INT8_MAX - spec.zero_point);
  return give_spec(graph, value, spec, scales, err);
}

/* ---- one scale, or one a channel ---- */

/* Constant codes as [outer, channels, inner], a scale and a zero point a channel. */
typedef struct CodeRows {
  const Tensor *codes, *zero_points;
  int64_t outer, count, inner;
} CodeRows;

/* Squared error of a channel's codes, in steps, when a step becomes `factor` and codes end at CODE_MAX;
   `most` gets the largest. */
static double error_of(const CodeRows *rows, int64_t channel, double factor, int32_t *most) {
  int64_t zero = zero_point_at(rows->zero_points, channel);
  double error = 0;
  *most = 0;
  for (int64_t o = 0; o < rows->outer; o++)
    for (int64_t i = 0; i < rows->inner; i++) {
      int64_t at = (o * rows->count + channel) * rows->inner + i;
      int32_t steps = (int32_t)(tensor_get_integer(rows->codes, at) - zero);
      double code = fmin(fmax(rint(steps / factor), -CODE_MAX), CODE_MAX), miss = steps - code * factor;
      error += miss * miss;
      *most = abs(steps) > *most ? abs(steps) : *most;
    }
  return error;
}

/* What to multiply a channel's scale with so that CODE_MAX on both sides are enough. */
static double factor_of(const CodeRows *rows, int64_t channel, int32_t most) {
  double factor = most / (double)CODE_MAX;
  int32_t ignored;
  if (most <= CODE_MAX) return 1;
  return error_of(rows, channel, factor, &ignored) < error_of(rows, channel, 1, &ignored) ? factor : 1;
}

/* The scales, some of them wider; `most` gets the largest code around zero. */
static const Tensor *fitting_scales(Graph *graph, const CodeRows *rows, const Tensor *scales, int32_t *most,
                                    Error *err) {
  Tensor *fitting = tensor_new(&graph->arena, ELEMENT_FLOAT32, &SHAPE(rows->count), err);
  *most = 0;
  for (int64_t c = 0; fitting != NULL && c < rows->count; c++) {
    int32_t own;
    error_of(rows, c, 1, &own);
    tensor_set(fitting, c, tensor_get(scales, c) * factor_of(rows, c, own));
    *most = own > *most ? own : *most;
  }
  return fitting;
}

/* True for what only linear operators read, as their weights. */
static bool is_weight(const Value *value) {
  for (int u = 0; u < value->user_count; u++) {
    const Node *user = value->users[u];
    LinearForm form;
    if (user->op == NULL || user->op->linear == NULL || user->op->linear(user, &form, NULL) != OK)
      return false;
    if (node_input(user, form.weight) != value) return false;
  }
  return value->user_count > 0;
}

static Status take_rows(Graph *graph, const Node *node, int axis, QdqTaken *taken, Error *err) {
  const Tensor *codes = node_constant(node, 0), *scales = node_constant(node, 1);
  CodeRows rows = {codes, node_constant(node, 2), 1, tensor_elements(scales), tensor_elements(codes)};
  if (rows.count > 1) {
    rows.outer = shape_product(&codes->shape, 0, axis);
    rows.inner = shape_product(&codes->shape, axis + 1, codes->shape.rank);
  }
  int32_t most;
  scales = fitting_scales(graph, &rows, scales, &most, err);
  if (scales == NULL) return err->status;
  bool has_4_bits = is_4bit(codes) && most <= CODE_MAX_4 && is_weight(node->outputs[0]);
  taken->rounded += most > CODE_MAX;
  taken->widened += is_4bit(codes) && !has_4_bits;
  QuantSpec spec = {.bits = has_4_bits ? 4 : 8, .axis = axis, .scale_count = rows.count};
  return give_spec(graph, node->outputs[0], spec, scales, err);
}

/* ---- one scale a block ---- */

/* Blocks of a weight [channels along one of two axes, ...]. */
typedef struct Blocks {
  const Tensor *codes, *scales, *zero_points;
  QuantParams params;
  int channel_axis, axis;
  int64_t channels, along, behind; /* blocks of an axis, positions behind both axes */
  int most;                        /* of a factor */
} Blocks;

static bool find_blocks(const Node *node, Blocks *blocks) {
  int axis, rank;
  *blocks = (Blocks){.codes = node_constant(node, 0),
                     .scales = node_constant(node, 1),
                     .zero_points = node_constant(node, 2)};
  rank = blocks->codes->shape.rank;
  if (rank < 2 || !axis_normalize(node_int(node, "axis", 1), rank, &axis) || axis > 1) return false;
  const Shape *shape = &blocks->codes->shape;
  int64_t block = node_int(node, "block_size", 0);
  if (block % WEIGHT_GROUP_RUN != 0 || shape->dims[axis] % block != 0) return false;
  blocks->params = (QuantParams){.axis = axis, .block_size = block};
  blocks->axis = axis;
  blocks->channel_axis = 1 - axis;
  blocks->channels = shape->dims[blocks->channel_axis];
  blocks->along = shape->dims[axis] / block;
  blocks->behind = shape_product(shape, 2, rank);
  blocks->most = weight_groups_factor_most(shape->dims[axis] * blocks->behind);
  return true;
}

static int64_t position_along(const Shape *shape, int axis, int64_t i) {
  return i / shape_product(shape, axis + 1, shape->rank) % shape->dims[axis];
}

/* The step of every block as [channels][behind][along]; false where a code is beyond what 4 bits have. */
static bool gather_steps(const Blocks *blocks, double *steps) {
  const Shape *shape = &blocks->codes->shape;
  ScaleMap map = scale_map(shape, &blocks->scales->shape, &blocks->params);
  for (int64_t i = 0; i < tensor_elements(blocks->codes); i++) {
    int64_t at = scale_index(&map, i), channel = position_along(shape, blocks->channel_axis, i);
    int64_t group = position_along(shape, blocks->axis, i) / blocks->params.block_size;
    int64_t code = tensor_get_integer(blocks->codes, i) - zero_point_at(blocks->zero_points, at);
    if (code < -CODE_MAX_4 || code > CODE_MAX_4) return false;
    steps[(channel * blocks->behind + i % blocks->behind) * blocks->along + group] =
        tensor_get(blocks->scales, at);
  }
  return true;
}

/* The smallest scale of which all steps are whole multiples of at most `most`, because biases count in it; 0
   where there is none. */
static double base_of(const double *steps, int64_t count, int most) {
  double largest = 0;
  for (int64_t i = 0; i < count; i++) largest = fmax(largest, steps[i]);
  for (int k = most; k >= 1; k--) {
    double base = largest / k;
    bool fits = true;
    for (int64_t i = 0; i < count && fits; i++) {
      double factor = steps[i] / base;
      fits = rint(factor) >= 1 && fabs(factor - rint(factor)) < WHOLE;
    }
    if (fits) return base;
  }
  return 0;
}

/* Fills scales and factors; false where a channel has none. */
static bool find_factors(const Blocks *blocks, const double *steps, Tensor *scales, uint8_t *factors) {
  int64_t count = blocks->behind * blocks->along;
  for (int64_t c = 0; c < blocks->channels; c++, steps += count, factors += count) {
    double base = base_of(steps, count, blocks->most);
    if (!qdq_is_scale(base)) return false;
    tensor_set(scales, c, base);
    for (int64_t g = 0; g < count; g++) factors[g] = (uint8_t)rint(steps[g] / base);
  }
  return true;
}

/* What does not fit stays without a spec: its weights are rounded anew. */
static Status take_blocks(Graph *graph, const Node *node, QdqTaken *taken, Error *err) {
  Blocks blocks;
  bool fits = is_4bit(node_constant(node, 0)) && is_weight(node->outputs[0]) && find_blocks(node, &blocks);
  taken->rounded++;
  if (!fits) return OK;
  size_t count = (size_t)(blocks.channels * blocks.behind * blocks.along);
  double *steps = arena_new(&graph->arena, count, sizeof *steps, err);
  uint8_t *factors = arena_new(&graph->arena, count, 1, err);
  Tensor *scales = tensor_new(&graph->arena, ELEMENT_FLOAT32, &SHAPE(blocks.channels), err);
  if (steps == NULL || factors == NULL || scales == NULL) return err->status;
  if (!gather_steps(&blocks, steps) || !find_factors(&blocks, steps, scales, factors)) return OK;
  taken->parameters++;
  taken->rounded--;
  QuantSpec spec = {.bits = 4,
                    .axis = blocks.channel_axis,
                    .scale_count = blocks.channels,
                    .group_axis = blocks.axis,
                    .group_size = blocks.params.block_size,
                    .factors = factors};
  return give_spec(graph, node->outputs[0], spec, scales, err);
}

/* ---- any ---- */

static bool are_scales(const Tensor *scales) {
  if (scales == NULL || scales->type != ELEMENT_FLOAT32) return false;
  for (int64_t i = 0; i < tensor_elements(scales); i++)
    if (!qdq_is_scale(tensor_get(scales, i))) return false;
  return tensor_elements(scales) > 0;
}

Status qdq_take_constant(Graph *graph, const Node *node, QdqTaken *taken, Error *err) {
  const Tensor *codes = node_constant(node, 0), *scales = node_constant(node, 1);
  int axis = -1;
  if (codes == NULL || !(qdq_is_8bit(codes) || is_4bit(codes)) || !are_scales(scales)) return OK;
  if (node_input(node, 2) != NULL && node_constant(node, 2) == NULL) return OK;
  if (node_int(node, "block_size", 0) > 0) return take_blocks(graph, node, taken, err);
  int64_t count = tensor_elements(scales);
  bool has_axis = count > 1 && axis_normalize(node_int(node, "axis", 1), codes->shape.rank, &axis);
  if (count > 1 && (!has_axis || scales->shape.rank != 1 || codes->shape.dims[axis] != count)) return OK;
  taken->parameters++;
  if (count == 1 && qdq_is_8bit(codes) && !is_weight(node->outputs[0]))
    return qdq_give_activation(graph, node->outputs[0], node, err);
  return take_rows(graph, node, axis, taken, err);
}
