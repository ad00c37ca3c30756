/* Role norm: LayerNormalization in integers; BatchNormalization that no convolution took up is a depthwise
 * 1x1 convolution. */
#include "lower/float_ops.h"
#include "lower/linear.h"
#include "lower/roles.h"

#include <math.h>

/* ---- BatchNormalization ---- */

/* y = factor[c] * x + offset[c], in the arena; false where a parameter is not constant. */
bool norm_affine(Builder *b, const Node *node, float **factor, float **offset) {
  const Tensor *scale = node_constant(node, 1), *bias = node_constant(node, 2);
  const Tensor *mean = node_constant(node, 3), *variance = node_constant(node, 4);
  if (scale == NULL || bias == NULL || mean == NULL || variance == NULL) return false;
  double epsilon = node_float(node, "epsilon", 1e-5);
  int64_t count = tensor_elements(scale);
  *factor = arena_new(b->arena, (size_t)count, sizeof(float), b->err);
  *offset = arena_new(b->arena, (size_t)count, sizeof(float), b->err);
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

/* Scales of the single weights, large enough for the offsets to fit the 32-bit bias. */
static QuantSpec *affine_spec(Builder *b, const float *factor, const float *offset, int64_t count,
                              float x_scale) {
  float *scales = arena_new(b->arena, (size_t)count, sizeof *scales, b->err);
  QuantSpec *spec = arena_new(b->arena, 1, sizeof *spec, b->err);
  if (scales == NULL || spec == NULL) {
    b->status = SYSTEM;
    return NULL;
  }
  for (int64_t c = 0; c < count; c++) {
    double scale =
        fmax(fabs((double)factor[c]) / 127.0, fabs((double)offset[c]) / ((double)x_scale * 0x1p29));
    scales[c] = (float)fmax(scale, 1e-30);
  }
  *spec = (QuantSpec){.kind = QUANT_INTEGER, .bits = 8, .scale_count = count, .scales = scales};
  return spec;
}

static Status lower_batch_norm(Builder *b) {
  const Node *node = b->node;
  const Value *data = node->inputs[0], *out = node->outputs[0];
  float *factor, *offset;
  Result result;
  bool is_image = data->shape.rank >= 2 && data->shape.rank <= 4;
  if (!is_image || !result_of(b, out, &result) || !norm_affine(b, node, &factor, &offset))
    return b->status != OK ? b->status : lower_float(b);
  int64_t channels = data->shape.dims[1];
  Tensor bias = {ELEMENT_FLOAT32, SHAPE(channels), offset};
  Linear linear = {
      .x = build_image(b, data, FORM_CODES),
      .rows = factor,
      .outputs = channels,
      .kernel_h = 1,
      .kernel_w = 1,
      .group_channels = 1,
      .depthwise = true,
      .bias = &bias,
      .factor = 1,
      .bias_factor = 1,
      .params = {
          .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1, .groups = (int32_t)channels}};
  linear.weight = affine_spec(b, factor, offset, channels, codes_of_tensor(b, linear.x).scale);
  linear_emit_image(b, &linear, &result);
  return b->status;
}

/* ---- LayerNormalization ---- */

/* A constant parameter divided by y's scale, or `otherwise` everywhere. False where it has another size. */
static bool norm_vector(Builder *b, const Node *node, int input, int64_t length, double scale,
                        double otherwise, int32_t *vector) {
  const Tensor *tensor = node_constant(node, input);
  if (node_input(node, input) != NULL && (tensor == NULL || tensor_elements(tensor) != length)) return false;
  float *values = arena_new(b->arena, (size_t)length, sizeof *values, b->err);
  if (values == NULL) {
    b->status = SYSTEM;
    return false;
  }
  for (int64_t i = 0; i < length; i++)
    values[i] = (float)((tensor != NULL ? tensor_get(tensor, i) : otherwise) / scale);
  *vector = build_constant(b, EDGE_F32, 1, (uint32_t[]){(uint32_t)length}, values, 0.0f, 0);
  return true;
}

#define MAX_LENGTH (1 << 22) /* of LAYERNORM */

static Status lower_layer_norm(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  int axis, rank = in->shape.rank;
  int32_t gamma, beta;
  Result result;
  for (int i = 1; i < node->output_count; i++)
    if (is_wanted(node->outputs[i])) return build_unsupported(b, "no statistics as outputs");
  if (!axis_normalize(node_int(node, "axis", -1), rank, &axis) || !result_of(b, out, &result) ||
      out->spec->kind != QUANT_INTEGER)
    return lower_float(b);
  int64_t length = shape_product(&in->shape, axis, rank);
  double scale = (double)result.codes.scale;
  if (length > MAX_LENGTH || !norm_vector(b, node, 1, length, scale, 1, &gamma) ||
      !norm_vector(b, node, 2, length, scale, 0, &beta))
    return b->status != OK ? b->status : lower_float(b);
  int32_t x = build_get(b, in, FORM_CODES, LAYOUT_PLAIN);
  double step = (double)codes_of_tensor(b, x).scale / (double)length;
  EdgeNormParams params = {(int32_t)shape_product(&in->shape, 0, axis), (int32_t)length,
                           (float)(node_float(node, "epsilon", 1e-5) / (step * step))};
  int32_t y = result_tensor(b, &result, LAYOUT_PLAIN);
  build_emit(b, EDGE_OP_LAYERNORM, INPUTS(x, gamma, beta), y, &params, sizeof params);
  return b->status;
}

Status lower_norm(Builder *b) {
  if (node_is(b->node, "BatchNormalization")) return lower_batch_norm(b);
  if (node_is(b->node, "LayerNormalization")) return lower_layer_norm(b);
  return lower_float(b);
}
