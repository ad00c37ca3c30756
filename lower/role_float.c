/* Role float: what has no integer form, or stands between tensors that stay in float32. Conversions are made
 * by those who ask for a value in another form. */
#include "lower/float_ops.h"
#include "lower/moves.h"
#include "lower/reduces.h"
#include "lower/roles.h"

#include <math.h>

/* ---- functions of one element ---- */

static const struct {
  const char *name;
  EdgeUnaryKind kind;
  const char *a, *b; /* attributes, NULL: none */
  double a_default, b_default;
} unary[] = {
    {"Exp", EDGE_UNARY_EXP, NULL, NULL, 0, 0},
    {"Log", EDGE_UNARY_LOG, NULL, NULL, 0, 0},
    {"Sqrt", EDGE_UNARY_SQRT, NULL, NULL, 0, 0},
    {"Erf", EDGE_UNARY_ERF, NULL, NULL, 0, 0},
    {"Tanh", EDGE_UNARY_TANH, NULL, NULL, 0, 0},
    {"Sigmoid", EDGE_UNARY_SIGMOID, NULL, NULL, 0, 0},
    {"Abs", EDGE_UNARY_ABS, NULL, NULL, 0, 0},
    {"Neg", EDGE_UNARY_NEG, NULL, NULL, 0, 0},
    {"LeakyRelu", EDGE_UNARY_LEAKY_RELU, "alpha", NULL, 0.01, 0},
    {"Elu", EDGE_UNARY_ELU, "alpha", NULL, 1, 0},
    {"HardSigmoid", EDGE_UNARY_HARD_SIGMOID, "alpha", "beta", 0.2, 0.5},
    {"HardSwish", EDGE_UNARY_HARD_SWISH, NULL, NULL, 0, 0},
    {"Softplus", EDGE_UNARY_SOFTPLUS, NULL, NULL, 0, 0},
    {"Reciprocal", EDGE_UNARY_RECIPROCAL, NULL, NULL, 0, 0},
};

static Status float_function(Builder *b, size_t row) {
  const Node *node = b->node;
  Operand x = elementwise_operand(b, node->inputs[0], FORM_REAL);
  double a = unary[row].a != NULL ? node_float(node, unary[row].a, unary[row].a_default) : 0;
  double c = unary[row].b != NULL ? node_float(node, unary[row].b, unary[row].b_default) : 0;
  Operand y = float_unary(b, unary[row].kind, &x, (float)a, (float)c);
  float_put(b, node->outputs[0], &y);
  return b->status;
}

static Status float_clamp(Builder *b) {
  double low, high;
  if (!clamp_bounds(b->node, &low, &high)) return build_unsupported(b, "its bounds are not constant");
  Operand x = elementwise_operand(b, b->node->inputs[0], FORM_REAL);
  Operand y = float_unary(b, EDGE_UNARY_CLIP, &x, (float)low, (float)high);
  float_put(b, b->node->outputs[0], &y);
  return b->status;
}

/* Before opset 7 a vector of slopes belongs to the channels, whatever follows them. */
static void spread_slopes(const Node *node, Operand *slope) {
  int rank = node->inputs[0]->shape.rank;
  if (node->version->since >= 7 || slope->shape.rank != 1) return;
  while (slope->shape.rank < rank - 1) slope->shape.dims[slope->shape.rank++] = 1;
}

/* max(x, 0) + slope * min(x, 0) */
static Status float_prelu(Builder *b) {
  const Node *node = b->node;
  Operand x = elementwise_operand(b, node->inputs[0], FORM_REAL);
  Operand slope = elementwise_operand(b, node->inputs[1], FORM_REAL);
  spread_slopes(node, &slope);
  Operand above = float_unary(b, EDGE_UNARY_CLIP, &x, 0.0f, INFINITY);
  Operand below = float_unary(b, EDGE_UNARY_CLIP, &x, -INFINITY, 0.0f);
  below = float_binary(b, EDGE_BINARY_MUL, &below, &slope, x.layout);
  Operand y = float_binary(b, EDGE_BINARY_ADD, &above, &below, x.layout);
  float_put(b, node->outputs[0], &y);
  return b->status;
}

/* ---- functions of two ---- */

static const struct {
  const char *name;
  EdgeBinaryKind kind;
} binary[] = {
    {"Add", EDGE_BINARY_ADD},   {"Sub", EDGE_BINARY_SUB},         {"Mul", EDGE_BINARY_MUL},
    {"Div", EDGE_BINARY_DIV},   {"Pow", EDGE_BINARY_POW},         {"Max", EDGE_BINARY_MAX},
    {"Min", EDGE_BINARY_MIN},   {"Sum", EDGE_BINARY_ADD},         {"Equal", EDGE_BINARY_EQUAL},
    {"Less", EDGE_BINARY_LESS}, {"Greater", EDGE_BINARY_GREATER},
};

static bool is_arithmetic(const Value *value) {
  return element_is_float(value->type) || value->type == ELEMENT_INT32 || value->type == ELEMENT_INT64;
}

static Status float_chain(Builder *b, EdgeBinaryKind kind) {
  const Node *node = b->node;
  const Value *out = node->outputs[0];
  for (int i = 0; i < node->input_count; i++)
    if (!is_arithmetic(node->inputs[i]) || node->inputs[i]->type != node->inputs[0]->type)
      return build_unsupported(b, "the runtime computes float32, int32 and int64, both inputs alike");
  Layout layout = elementwise_layout(b, node, &out->shape);
  Operand y = elementwise_operand(b, node->inputs[0], FORM_REAL);
  for (int i = 1; i < node->input_count; i++) {
    Operand c = elementwise_operand(b, node->inputs[i], FORM_REAL);
    y = float_binary(b, kind, &y, &c, shape_equals(&c.shape, &out->shape) || i > 1 ? layout : y.layout);
  }
  if (!shape_equals(&y.shape, &out->shape)) return build_unsupported(b, "its output has another shape");
  float_put(b, out, &y);
  return b->status;
}

/* ---- the rest ---- */

/* The functions take float32 only. */
static bool has_only_floats(const Node *node) {
  for (int i = 0; i < node->input_count; i++)
    if (node->inputs[i] != NULL && !element_is_float(node->inputs[i]->type)) return false;
  return true;
}

static Status float_reduce(Builder *b) {
  return lower_reduce(b, FORM_REAL);
}

static const struct {
  const char *name;
  Status (*lower)(Builder *b);
} others[] = {
    {"Relu", float_clamp},
    {"Clip", float_clamp},
    {"PRelu", float_prelu},
    {"BatchNormalization", float_batch_norm},
    {"LayerNormalization", float_layer_norm},
    {"Softmax", float_softmax},
    {"LogSoftmax", float_softmax},
    {"LRN", float_lrn},
    {"Gelu", float_gelu},
    {"Swish", float_swish},
    {"Mish", float_mish},
    {"Conv", float_conv},
    {"ConvTranspose", float_conv_transpose},
    {"Gemm", float_gemm},
    {"MatMul", float_matmul},
    {"MaxPool", float_pool},
    {"AveragePool", float_pool},
};

Status lower_float(Builder *b) {
  const Node *node = b->node;
  EdgeReduceKind kind;
  for (size_t i = 0; i < sizeof binary / sizeof *binary; i++)
    if (node_is(node, binary[i].name)) return float_chain(b, binary[i].kind);
  if (node_is(node, "Cast") || node_is(node, "ArgMax") || node_is(node, "ArgMin")) return lower_index(b);
  if (node_is(node, "Resize") || node_is(node, "Upsample")) return lower_resize(b);
  if (!has_only_floats(node)) return build_unsupported(b, "the runtime has it for float32 only");
  for (size_t i = 0; i < sizeof unary / sizeof *unary; i++)
    if (node_is(node, unary[i].name)) return float_function(b, i);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (node_is(node, others[i].name)) return others[i].lower(b);
  if (reduce_kind(node, &kind)) return float_reduce(b);
  return build_unsupported(b, "the runtime has no instruction for it in float32");
}
