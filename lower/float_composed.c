/* Float forms of the operators that are composed of several instructions, or have one of their own. */
#include "lower/float_ops.h"

#include "lower/reduces.h"
#include "lower/softmaxes.h"

#include <math.h>

/* y = factor[c] * x + offset[c], in the arena; false where a parameter is not constant. */
static bool norm_affine(Builder *b, const Node *node, float **factor, float **offset) {
  const Tensor *scale = node_constant(node, 1), *bias = node_constant(node, 2);
  const Tensor *mean = node_constant(node, 3), *variance = node_constant(node, 4);
  if (scale == NULL || bias == NULL || mean == NULL || variance == NULL) return false;
  double epsilon = node_float(node, "epsilon", 1e-5);
  int64_t count = tensor_elements(scale);
  *factor = arena_new(&b->scratch, (size_t)count, sizeof(float), b->err);
  *offset = arena_new(&b->scratch, (size_t)count, sizeof(float), b->err);
  if (*factor == NULL || *offset == NULL) {
    b->status = SYSTEM;
    return false;
  }
  for (int64_t c = 0; c < count; c++) {
    double a = tensor_get(scale, c) / sqrt(tensor_get(variance, c) + epsilon);
    (*factor)[c] = (float)a;
    (*offset)[c] = (float)(tensor_get(bias, c) - a * tensor_get(mean, c));
  }
  return true;
}

Status float_batch_norm(Builder *b) {
  const Value *in = b->node->inputs[0];
  float *factor, *offset;
  if (in->shape.rank < 2 || !norm_affine(b, b->node, &factor, &offset))
    return b->status != OK ? b->status : build_unsupported(b, "its parameters are not constant");
  Operand x = elementwise_operand(b, in, FORM_REAL);
  int64_t channels = in->shape.dims[1];
  Operand a = float_vector(b, factor, channels, 1, in->shape.rank);
  Operand c = float_vector(b, offset, channels, 1, in->shape.rank);
  Operand y = float_binary(b, EDGE_BINARY_MUL, &x, &a, x.layout);
  y = float_binary(b, EDGE_BINARY_ADD, &y, &c, x.layout);
  float_put(b, b->node->outputs[0], &y);
  return b->status;
}

/* Mean over the last `length` elements, which stay as one: x seen as [outer, length]. */
static Operand row_means(Builder *b, const Operand *x) {
  int32_t outer = (int32_t)x->shape.dims[0], length = (int32_t)x->shape.dims[1];
  EdgeReduceParams params = {.kind = EDGE_REDUCE_MEAN, .outer_rank = 1, .inner_rank = 1, .mult = 1};
  for (int d = 0; d < EDGE_MAX_RANK; d++) params.outer_dims[d] = params.inner_dims[d] = 1;
  params.outer_dims[0] = outer;
  params.outer_stride[0] = length;
  params.inner_dims[0] = length;
  params.inner_stride[0] = 1;
  uint32_t dims[] = {(uint32_t)outer, 1};
  Operand y = {build_tensor(b, EDGE_F32, 2, dims, 0.0f, 0), SHAPE(outer, 1), LAYOUT_PLAIN};
  build_emit(b, EDGE_OP_REDUCE_F32, INPUTS(x->tensor), y.tensor, &params, sizeof params);
  return y;
}

Status float_layer_norm(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0];
  int axis, rank = in->shape.rank;
  if (!axis_normalize(node_int(node, "axis", -1), rank, &axis))
    return build_unsupported(b, "its axis is outside");
  Shape rows = SHAPE(shape_product(&in->shape, 0, axis), shape_product(&in->shape, axis, rank));
  Operand x = {build_get(b, in, FORM_REAL, LAYOUT_PLAIN), rows, LAYOUT_PLAIN};
  Operand mean = row_means(b, &x), epsilon = float_scalar(b, node_float(node, "epsilon", 1e-5));
  Operand d = float_binary(b, EDGE_BINARY_SUB, &x, &mean, LAYOUT_PLAIN);
  Operand square = float_binary(b, EDGE_BINARY_MUL, &d, &d, LAYOUT_PLAIN), variance = row_means(b, &square);
  Operand sum = float_binary(b, EDGE_BINARY_ADD, &variance, &epsilon, LAYOUT_PLAIN);
  Operand root = float_unary(b, EDGE_UNARY_SQRT, &sum, 0, 0);
  Operand y = float_binary(b, EDGE_BINARY_DIV, &d, &root, LAYOUT_PLAIN);
  y.shape = in->shape;
  for (int i = 1; i <= 2; i++) {
    if (node_input(node, i) == NULL) continue;
    Operand parameter = elementwise_operand(b, node->inputs[i], FORM_REAL);
    y = float_binary(b, i == 1 ? EDGE_BINARY_MUL : EDGE_BINARY_ADD, &y, &parameter, LAYOUT_PLAIN);
  }
  float_put(b, node->outputs[0], &y);
  return b->status;
}

Status float_softmax(Builder *b) {
  const Value *out = b->node->outputs[0];
  Operand x = softmax_operand(b, b->node->inputs[0], FORM_REAL);
  AxisView view = softmax_view(b->node, &x);
  EdgeSoftmaxF32Params params = {view.outer, view.length, view.inner, node_is(b->node, "LogSoftmax")};
  int32_t y = build_result(b, out, FORM_REAL, x.layout);
  build_emit(b, EDGE_OP_SOFTMAX_F32, INPUTS(x.tensor), y, &params, sizeof params);
  return b->status;
}

/* Over channels, which must lie last. */
Status float_lrn(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0];
  if (in->shape.rank < 2 || in->shape.rank > 4) return build_unsupported(b, "more than two spatial axes");
  int32_t x = build_get(b, in, FORM_REAL, LAYOUT_LAST), channels = (int32_t)in->shape.dims[1];
  EdgeLrnParams params = {(int32_t)(shape_elements(&in->shape) / channels),
                          channels,
                          (int32_t)node_int(node, "size", 1),
                          (float)node_float(node, "alpha", 1e-4),
                          (float)node_float(node, "beta", 0.75),
                          (float)node_float(node, "bias", 1)};
  int32_t y = build_result(b, node->outputs[0], FORM_REAL, LAYOUT_LAST);
  build_emit(b, EDGE_OP_LRN_F32, INPUTS(x), y, &params, sizeof params);
  return b->status;
}
