/* Linear operators in float32: with weights as they are, or in codes. */
#include "lower/float_ops.h"

#include "lower/linear.h"
#include "lower/products.h"

/* The instruction on a Linear whose weights stay floats: CONV_F32. */
static void emit_real(Builder *b, const Linear *linear, int32_t bias, int32_t y) {
  uint32_t dims[] = {(uint32_t)linear->outputs, (uint32_t)linear->kernel_h, (uint32_t)linear->kernel_w,
                     (uint32_t)linear->group_channels};
  if (b->status != OK) return;
  int32_t weights = build_constant(b, EDGE_F32, 4, dims, linear->rows, 0.0f, 0);
  build_emit(b, EDGE_OP_CONV_F32, INPUTS(linear->x, weights, bias), y, &linear->params,
             sizeof linear->params);
}

/* Into a new image for the node's output. */
static Status emit_image(Builder *b, const Linear *linear) {
  const Node *node = b->node;
  const Value *out = node->outputs[0];
  bool is_coded = linear_is_coded(node, linear->weight);
  int32_t bias =
      !is_coded && linear->bias != NULL ? build_get(b, node->inputs[2], FORM_REAL, LAYOUT_PLAIN) : -1;
  uint32_t dims[4];
  layout_image(&out->shape, dims);
  int32_t y = build_alias(b, build_result(b, out, FORM_REAL, LAYOUT_LAST), 4, dims);
  if (is_coded)
    linear_emit_coded(b, linear, y);
  else
    emit_real(b, linear, bias, y);
  return b->status;
}

/* CONV_F32 takes nothing else. */
static bool has_constant_weights(const Node *node) {
  return node_constant(node, 1) != NULL && (node_constant(node, 2) != NULL || node_input(node, 2) == NULL);
}

Status float_conv(Builder *b) {
  Linear linear;
  if (!has_constant_weights(b->node)) return build_unsupported(b, "its weights are not constant");
  if (!linear_of_conv(b, &linear)) return build_unsupported(b, "more than two spatial axes");
  linear.x = build_image(b, b->node->inputs[0], FORM_REAL);
  return emit_image(b, &linear);
}

Status float_conv_transpose(Builder *b) {
  Linear linear;
  if (!has_constant_weights(b->node)) return build_unsupported(b, "its weights are not constant");
  if (!linear_of_conv_transpose(b, &linear, FORM_REAL))
    return build_unsupported(b, "more than two spatial axes");
  return emit_image(b, &linear);
}

/* x [rows, depth] times weights in codes, as a new tensor. */
static Operand coded_product(Builder *b, Linear *linear, int32_t x, const Shape *shape) {
  uint32_t depth = (uint32_t)linear->group_channels, outputs = (uint32_t)linear->outputs;
  uint32_t rows = b->tensors[x].info.elements / depth;
  linear->x = build_alias(b, x, 4, (uint32_t[]){1, 1, rows, depth});
  Operand y = {build_tensor(b, EDGE_F32, 4, (uint32_t[]){1, 1, rows, outputs}, 0.0f, 0), *shape,
               LAYOUT_PLAIN};
  linear_emit_coded(b, linear, y.tensor);
  return y;
}

/* A [m, k] times B, alpha left out. */
static Operand real_product(Builder *b, int32_t x, bool turn, bool transposed) {
  const Node *node = b->node;
  const Value *first = node->inputs[0], *second = node->inputs[1];
  int32_t w = build_get(b, second, FORM_REAL, LAYOUT_PLAIN);
  EdgeMatmulParams params = {.m = (int32_t)first->shape.dims[turn ? 1 : 0],
                             .k = (int32_t)first->shape.dims[turn ? 0 : 1],
                             .n = (int32_t)second->shape.dims[transposed ? 0 : 1],
                             .b_transposed = transposed};
  for (int d = 0; d < EDGE_MAX_RANK; d++) params.batch[d] = 1;
  uint32_t dims[] = {(uint32_t)params.m, (uint32_t)params.n};
  Operand y = {build_tensor(b, EDGE_F32, 2, dims, 0.0f, 0), node->outputs[0]->shape, LAYOUT_PLAIN};
  build_emit(b, EDGE_OP_MATMUL_F32, INPUTS(x, w), y.tensor, &params, sizeof params);
  Operand scale = float_scalar(b, node_float(node, "alpha", 1));
  return node_float(node, "alpha", 1) == 1 ? y : float_binary(b, EDGE_BINARY_MUL, &y, &scale, LAYOUT_PLAIN);
}

/* beta * C, factors only where they are not 1. */
static Operand add_bias(Builder *b, const Operand *y) {
  double factor = node_float(b->node, "beta", 1);
  Operand c = elementwise_operand(b, b->node->inputs[2], FORM_REAL), scale = float_scalar(b, factor);
  if (factor != 1) c = float_binary(b, EDGE_BINARY_MUL, &c, &scale, c.layout);
  return float_binary(b, EDGE_BINARY_ADD, y, &c, LAYOUT_PLAIN);
}

/* alpha * A * B + beta * C */
Status float_gemm(Builder *b) {
  const Node *node = b->node;
  const Value *first = node->inputs[0], *bias = node_input(node, 2);
  bool turn = node_int(node, "transA", 0) != 0, transposed = node_int(node, "transB", 0) != 0;
  int32_t x = turn ? product_transposed(b, first, FORM_REAL) : build_get(b, first, FORM_REAL, LAYOUT_PLAIN);
  Operand y;
  if (b->status != OK) return b->status;
  if (linear_is_coded(node, node->inputs[1]->spec)) {
    Linear linear;
    linear_of_matrix(b, &linear);
    bool is_inside =
        bias != NULL && bias->constant != NULL && linear_is_vector(bias->constant, linear.outputs);
    if (is_inside) linear.bias = bias->constant;
    y = coded_product(b, &linear, x, &node->outputs[0]->shape);
    if (is_inside) bias = NULL;
  } else {
    y = real_product(b, x, turn, transposed);
  }
  if (bias != NULL) y = add_bias(b, &y);
  float_put(b, node->outputs[0], &y);
  return b->status;
}

Status float_matmul(Builder *b) {
  const Node *node = b->node;
  Linear linear;
  if (!linear_is_coded(node, node->inputs[1]->spec)) return lower_pair_float(b);
  linear_of_matrix(b, &linear);
  int32_t x = build_get(b, node->inputs[0], FORM_REAL, LAYOUT_PLAIN);
  if (b->status != OK) return b->status;
  Operand y = coded_product(b, &linear, x, &node->outputs[0]->shape);
  float_put(b, node->outputs[0], &y);
  return b->status;
}
