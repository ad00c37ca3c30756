/* Functions of a channel, composed in double so that weights are rounded only once. */
#include "graph/passes/affine.h"

#include <math.h>

Status affine_new(Affine *affine, int64_t channels, Arena *arena, Error *err) {
  affine->channels = channels;
  affine->scale = arena_new(arena, (size_t)channels, sizeof(double), err);
  affine->shift = arena_new(arena, (size_t)channels, sizeof(double), err);
  if (affine->scale == NULL || affine->shift == NULL) return err->status;
  for (int64_t c = 0; c < channels; c++) affine->scale[c] = 1.0;
  return OK;
}

static void compose(Affine *affine, int64_t c, double scale, double shift) {
  affine->scale[c] *= scale;
  affine->shift[c] = affine->shift[c] * scale + shift;
}

bool affine_add_batchnorm(Affine *affine, const Node *node) {
  if (!node_is(node, "BatchNormalization") || node_int(node, "training_mode", 0) != 0) return false;
  for (int i = 1; i < node->output_count; i++)
    if (node->outputs[i] != NULL && (node->outputs[i]->user_count > 0 || node->outputs[i]->is_output))
      return false;
  const Tensor *parameters[4]; /* gamma, beta, mean, variance */
  for (int i = 0; i < 4; i++) {
    parameters[i] = node_constant(node, i + 1);
    if (parameters[i] == NULL || tensor_elements(parameters[i]) != affine->channels) return false;
  }
  double epsilon = node_float(node, "epsilon", (double)1e-5f);
  for (int64_t c = 0; c < affine->channels; c++) {
    double scale = tensor_get(parameters[0], c) / sqrt(tensor_get(parameters[3], c) + epsilon);
    compose(affine, c, scale, tensor_get(parameters[1], c) - tensor_get(parameters[2], c) * scale);
  }
  return true;
}

/* A constant that broadcasts to x and has more than one element along `axis` only. */
static bool is_per_channel(const Value *constant, const Value *x, int axis, int64_t channels) {
  if (constant == NULL || constant->constant == NULL || constant->type != x->type) return false;
  const Shape *shape = &constant->constant->shape;
  int ahead = x->shape.rank - shape->rank;
  if (ahead < 0) return false;
  for (int d = 0; d < shape->rank; d++)
    if (shape->dims[d] != 1 && !(d + ahead == axis && shape->dims[d] == channels)) return false;
  return true;
}

bool affine_add_arithmetic(Affine *affine, const Node *node, const Value *x, int axis) {
  bool is_add = node_is(node, "Add"), is_mul = node_is(node, "Mul");
  bool is_sub = node_is(node, "Sub"), is_div = node_is(node, "Div");
  if ((!is_add && !is_mul && !is_sub && !is_div) || node->input_count != 2) return false;
  bool is_first = node->inputs[0] == x;
  if (!is_first && (is_sub || is_div)) return false;
  const Value *operand = node->inputs[is_first ? 1 : 0];
  if (!is_per_channel(operand, x, axis, affine->channels)) return false;
  bool is_scalar = tensor_elements(operand->constant) == 1;
  for (int64_t c = 0; c < affine->channels; c++) {
    double number = tensor_get(operand->constant, is_scalar ? 0 : c);
    compose(affine, c,
            is_mul   ? number
            : is_div ? 1.0 / number
                     : 1.0,
            is_add   ? number
            : is_sub ? -number
                     : 0.0);
  }
  return true;
}

bool affine_is_finite(const Affine *affine) {
  for (int64_t c = 0; c < affine->channels; c++)
    if (!isfinite(affine->scale[c]) || !isfinite(affine->shift[c])) return false;
  return true;
}

bool affine_has_scale(const Affine *affine) {
  for (int64_t c = 0; c < affine->channels; c++)
    if (affine->scale[c] != 1.0) return true;
  return false;
}

bool affine_has_shift(const Affine *affine) {
  for (int64_t c = 0; c < affine->channels; c++)
    if (affine->shift[c] != 0.0) return true;
  return false;
}
