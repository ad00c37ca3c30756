#include "quantize/qdq_codes.h"

#include "operators/quant/quant.h"

#include <math.h>

#define WEIGHT_CODE_MAX 127.0
#define CODE_MAX_4 7.0
#define SHORT_CODE_MAX 64.0 /* 2 * 255 * 64 < 2^15 */

Tensor *qdq_scale(Arena *arena, double scale, Error *err) {
  Tensor *tensor = tensor_new(arena, ELEMENT_FLOAT32, &SHAPE_SCALAR, err);
  if (tensor != NULL) tensor_set(tensor, 0, scale);
  return tensor;
}

Tensor *qdq_integer(Arena *arena, ElementType type, int64_t number, Error *err) {
  Tensor *tensor = tensor_new(arena, type, &SHAPE_SCALAR, err);
  if (tensor != NULL) tensor_set_integer(tensor, 0, number);
  return tensor;
}

double qdq_code(double real, const QuantSpec *spec) {
  return rint(real / (double)spec->scales[0]) + spec->zero_point;
}

/* ---- weights and operands ---- */

bool qdq_has_codes(const Value *value) {
  const QuantSpec *spec = value->spec;
  if (spec == NULL || spec->kind != QUANT_INTEGER || value->type != ELEMENT_FLOAT32) return false;
  if (spec->bits != 8 && spec->bits != 4) return false;
  if (spec->scale_count == 1) return true;
  return spec->axis >= 0 && spec->axis < value->shape.rank &&
         value->shape.dims[spec->axis] == spec->scale_count;
}

static double largest_code(QdqWeights weights) {
  return weights == QDQ_WEIGHTS_INT7 ? SHORT_CODE_MAX : WEIGHT_CODE_MAX;
}

/* Scale `i` of weights whose codes go up to that. */
static float scale_of_weight(const QuantSpec *spec, int64_t i, QdqWeights weights) {
  float scale = spec->scales[spec->scale_count == 1 ? 0 : i];
  return weights == QDQ_WEIGHTS_INT7 && spec->bits == 8
             ? (float)((double)scale * (WEIGHT_CODE_MAX / SHORT_CODE_MAX))
             : scale;
}

/* `count` scales and as many zero points of a type; scalars where it is 0. */
static Status new_scales(QdqConstant *constant, int64_t count, ElementType type, Arena *arena, Error *err) {
  Shape shape = count == 0 ? SHAPE_SCALAR : SHAPE(count);
  constant->scales = tensor_new(arena, ELEMENT_FLOAT32, &shape, err);
  constant->zero_points = tensor_new(arena, type, &shape, err);
  return constant->scales == NULL || constant->zero_points == NULL ? err->status : OK;
}

/* The scales' shape where they belong to blocks. */
static Shape shape_of_scales(const QuantSpec *spec, const Shape *weight) {
  Shape shape = *weight;
  if (spec->scale_count == 1 && spec->group_size == 0) return SHAPE_SCALAR;
  if (spec->group_size == 0) return SHAPE(spec->scale_count);
  shape.dims[spec->group_axis] /= spec->group_size;
  return shape;
}

static Status codes_of_4_bits(const Value *value, Arena *arena, QdqConstant *constant, Error *err) {
  const QuantSpec *spec = value->spec;
  const Tensor *from = value->constant;
  Shape shape = shape_of_scales(spec, &from->shape);
  constant->axis = spec->group_size > 0 ? spec->group_axis : spec->scale_count == 1 ? -1 : spec->axis;
  constant->block_size = spec->group_size;
  constant->scales = tensor_new(arena, ELEMENT_FLOAT32, &shape, err);
  constant->codes = tensor_new(arena, ELEMENT_INT4, &from->shape, err);
  if (constant->scales == NULL || constant->codes == NULL) return err->status;
  QuantParams params = {.axis = constant->axis, .block_size = constant->block_size};
  ScaleMap map = scale_map(&from->shape, &shape, &params);
  for (int64_t i = 0; i < tensor_elements(from); i++) {
    double step = quant_step(spec, &from->shape, i), code = rint(tensor_get(from, i) / step);
    tensor_set(constant->scales, scale_index(&map, i), step);
    tensor_set_integer(constant->codes, i, (int64_t)fmin(fmax(code, -CODE_MAX_4), CODE_MAX_4));
  }
  return OK;
}

static Status codes_of_8_bits(const Value *value, QdqWeights weights, Arena *arena, QdqConstant *constant,
                              Error *err) {
  const QuantSpec *spec = value->spec;
  const Tensor *from = value->constant;
  bool is_single = spec->scale_count == 1;
  bool is_weight = !(spec->low < spec->high); /* weights have no calibrated range */
  bool is_signed = is_weight && weights != QDQ_WEIGHTS_UINT8;
  int64_t offset = is_signed ? 0 : QDQ_OFFSET;
  ElementType type = is_signed ? ELEMENT_INT8 : QDQ_ACTIVATION;
  constant->axis = is_single ? -1 : spec->axis;
  TRY(new_scales(constant, is_single ? 0 : spec->scale_count, type, arena, err));
  constant->codes = tensor_new(arena, type, &from->shape, err);
  if (constant->codes == NULL) return err->status;
  for (int64_t c = 0; c < spec->scale_count; c++) {
    tensor_set(constant->scales, c,
               (double)(is_weight ? scale_of_weight(spec, c, weights) : spec->scales[c]));
    tensor_set_integer(constant->zero_points, c, spec->zero_point + offset);
  }
  int64_t count = tensor_elements(from);
  int64_t inner = is_single ? 1 : shape_product(&from->shape, spec->axis + 1, from->shape.rank);
  double high = is_weight ? largest_code(weights) : INT8_MAX, low = is_weight ? -high : INT8_MIN;
  for (int64_t i = 0; i < count; i++) {
    double scale = tensor_get(constant->scales, is_single ? 0 : i / inner % spec->scale_count);
    double code = rint(tensor_get(from, i) / scale) + spec->zero_point;
    tensor_set_integer(constant->codes, i, (int64_t)fmin(fmax(code, low), high) + offset);
  }
  return OK;
}

Status qdq_codes(const Value *value, QdqWeights weights, Arena *arena, QdqConstant *constant, Error *err) {
  *constant = (QdqConstant){0};
  return value->spec->bits == 4 ? codes_of_4_bits(value, arena, constant, err)
                                : codes_of_8_bits(value, weights, arena, constant, err);
}

/* ---- biases ---- */

static bool is_coded(const QuantSpec *spec) {
  bool has_codes = spec != NULL && spec->kind == QUANT_INTEGER && spec->scale_count >= 1;
  return has_codes && (spec->bits == 8 || spec->bits == 4);
}

bool qdq_is_bias(const Node *node, int i) {
  LinearForm form;
  const Value *value = node->inputs[i];
  if (node->op->linear == NULL || value->spec == NULL || value->spec->bits != 32) return false;
  if (node->op->linear(node, &form, NULL) != OK || form.bias != i) return false;
  if (!is_coded(node->inputs[form.data]->spec) || !is_coded(node->inputs[form.weight]->spec)) return false;
  int64_t scales = node->inputs[form.weight]->spec->scale_count, count = tensor_elements(value->constant);
  bool fits = scales == 1 || count % scales == 0;
  return fits && node_float(node, "alpha", 1) == 1 && node_float(node, "beta", 1) == 1;
}

Status qdq_bias(const Node *node, QdqWeights weights, Arena *arena, QdqConstant *constant, Error *err) {
  LinearForm form;
  TRY(node->op->linear(node, &form, err));
  const Tensor *bias = node_constant(node, form.bias);
  const QuantSpec *x = node->inputs[form.data]->spec, *w = node->inputs[form.weight]->spec;
  int64_t count = tensor_elements(bias);
  *constant = (QdqConstant){.axis = w->scale_count == 1 ? -1 : 0};
  TRY(new_scales(constant, w->scale_count == 1 ? 0 : count, ELEMENT_INT32, arena, err));
  constant->codes = tensor_new(arena, ELEMENT_INT32, &SHAPE(count), err);
  if (constant->codes == NULL) return err->status;
  for (int64_t i = 0; i < count; i++) {
    float scale = x->scales[0] * scale_of_weight(w, i % w->scale_count, weights);
    double code = rint(tensor_get(bias, i) / (double)scale);
    if (i == 0 || w->scale_count > 1) tensor_set(constant->scales, i, (double)scale);
    tensor_set_integer(constant->codes, i, (int64_t)fmin(fmax(code, INT32_MIN), INT32_MAX));
  }
  return OK;
}
