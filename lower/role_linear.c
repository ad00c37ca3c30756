/* Role linear: Conv, Gemm and MatMul with constant weights become CONV or DWCONV. ConvTranspose and products
 * of two activations have files of their own. */
#include "lower/linear.h"
#include "lower/products.h"
#include "lower/roles.h"
#include "lower/windows.h"

#define LINE 16 /* floats of a cache line: so many of a row are written together */
#define TILE 64 /* outputs that are turned together: some cache lines of every row */

/* ---- Conv ---- */

bool linear_of_conv(Builder *b, Linear *linear) {
  const Node *node = b->node;
  const Value *data = node->inputs[0];
  const Tensor *weight = node_constant(node, 1);
  Window2 window;
  if (!window2_of(node, &data->shape, weight->shape.dims + 2, &window)) return false;
  int64_t groups = node_int(node, "group", 1), channels = data->shape.dims[1];
  *linear = (Linear){.rows = linear_conv_rows(b, weight, (int64_t)window.kernel_h * window.kernel_w),
                     .outputs = weight->shape.dims[0],
                     .kernel_h = window.kernel_h,
                     .kernel_w = window.kernel_w,
                     .group_channels = weight->shape.dims[1],
                     .depthwise = groups == channels && groups > 1,
                     .weight = node->inputs[1]->spec,
                     .bias = node_constant(node, 2),
                     .factor = 1,
                     .bias_factor = 1,
                     .params = linear_conv_params(&window, groups)};
  return true;
}

static Status lower_conv(Builder *b) {
  Linear linear;
  Result result;
  if (!linear_of_conv(b, &linear) || !result_of(b, b->node->outputs[0], &result)) return lower_float(b);
  linear.x = build_image(b, b->node->inputs[0], FORM_CODES);
  linear_emit_image(b, &linear, &result);
  return b->status;
}

/* ---- Gemm and MatMul ---- */

/* A matrix [K][N], or [N][K] where `transposed`, as rows [N][K]. */
static const float *matrix_rows(Builder *b, const Tensor *weight, bool transposed, int64_t depth,
                                int64_t outputs) {
  const float *rows = linear_floats(b, weight);
  float *turned;
  if (rows == NULL || transposed) return rows;
  turned = arena_new(&b->scratch, (size_t)(depth * outputs), sizeof(float), b->err);
  if (turned == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t first = 0; first < outputs; first += TILE)
    for (int64_t top = 0; top < depth; top += LINE)
      for (int64_t o = first; o < outputs && o < first + TILE; o++)
        for (int64_t k = top; k < depth && k < top + LINE; k++) turned[o * depth + k] = rows[k * outputs + o];
  graph_release(b->graph);
  return turned;
}

bool linear_is_vector(const Tensor *bias, int64_t outputs) {
  int64_t count = tensor_elements(bias);
  return count == 1 || (count == outputs && bias->shape.dims[bias->shape.rank - 1] == outputs);
}

/* As a 1x1 convolution over one row of pixels. */
void linear_of_matrix(Builder *b, Linear *linear) {
  const Node *node = b->node;
  const Tensor *weight = node_constant(node, 1);
  bool is_gemm = node_is(node, "Gemm"), transposed = is_gemm && node_int(node, "transB", 0) != 0;
  *linear = (Linear){.outputs = weight->shape.dims[transposed ? 0 : 1],
                     .group_channels = weight->shape.dims[transposed ? 1 : 0],
                     .kernel_h = 1,
                     .kernel_w = 1,
                     .weight = node->inputs[1]->spec,
                     .factor = is_gemm ? node_float(node, "alpha", 1) : 1,
                     .bias_factor = is_gemm ? node_float(node, "beta", 1) : 1,
                     .params = {.stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1, .groups = 1}};
  linear->rows = matrix_rows(b, weight, transposed, linear->group_channels, linear->outputs);
}

/* x [rows, depth] times the weights of `linear`. */
static Status emit_matrix(Builder *b, Linear *linear, int32_t x, const Result *result) {
  uint32_t depth = (uint32_t)linear->group_channels, outputs = (uint32_t)linear->outputs;
  uint32_t rows = b->tensors[x].info.elements / depth;
  linear->x = build_alias(b, x, 4, (uint32_t[]){1, 1, rows, depth});
  int32_t y = result_tensor(b, result, LAYOUT_PLAIN);
  linear_emit(b, linear, result, build_alias(b, y, 4, (uint32_t[]){1, 1, rows, outputs}));
  return b->status;
}

static Status lower_gemm(Builder *b) {
  const Node *node = b->node;
  const Tensor *bias = node_constant(node, 2);
  const Value *data = node->inputs[0];
  Linear linear;
  Result result;
  linear_of_matrix(b, &linear);
  if ((bias != NULL && !linear_is_vector(bias, linear.outputs)) || linear.factor == 0 ||
      (bias == NULL && node_input(node, 2) != NULL) || !result_of(b, node->outputs[0], &result))
    return lower_float(b);
  linear.bias = bias;
  int32_t x = node_int(node, "transA", 0) != 0 ? product_transposed(b, data, FORM_CODES)
                                               : build_get(b, data, FORM_CODES, LAYOUT_PLAIN);
  return b->status != OK ? b->status : emit_matrix(b, &linear, x, &result);
}

static Status lower_matmul(Builder *b) {
  const Node *node = b->node;
  const Tensor *weight = node_constant(node, 1);
  if (weight == NULL || weight->shape.rank != 2 || node->inputs[0]->constant != NULL) return lower_pair(b);
  const Value *output = node->outputs[0];
  Linear linear;
  Result result;
  linear_of_matrix(b, &linear);
  linear_absorbs_add(output, linear.outputs, &linear.bias, &output);
  if (!result_of(b, output, &result)) return lower_float(b);
  int32_t x = build_get(b, node->inputs[0], FORM_CODES, LAYOUT_PLAIN);
  return b->status != OK ? b->status : emit_matrix(b, &linear, x, &result);
}

Status lower_linear(Builder *b) {
  const Node *node = b->node;
  bool has_weights =
      node_constant(node, 1) != NULL && (node_input(node, 2) == NULL || node_constant(node, 2) != NULL);
  if (node_is(node, "MatMul")) return lower_matmul(b);
  if (!has_weights) return node_is(node, "Gemm") ? lower_pair(b) : lower_float(b);
  if (node_is(node, "Conv")) return lower_conv(b);
  if (node_is(node, "Gemm")) return lower_gemm(b);
  if (node_is(node, "ConvTranspose")) return lower_conv_transpose(b);
  return lower_float(b);
}
