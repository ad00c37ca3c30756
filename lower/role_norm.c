/* Role norm: LayerNormalization in integers. */
#include "lower/roles.h"

/* A constant parameter divided by y's scale, or `otherwise` everywhere. False where it has another size. */
static bool norm_vector(Builder *b, const Node *node, int input, int64_t length, double scale,
                        double otherwise, int32_t *vector) {
  const Tensor *tensor = node_constant(node, input);
  if (node_input(node, input) != NULL && (tensor == NULL || tensor_elements(tensor) != length)) return false;
  float *values = arena_new(&b->scratch, (size_t)length, sizeof *values, b->err);
  if (values == NULL) {
    b->status = SYSTEM;
    return false;
  }
  for (int64_t i = 0; i < length; i++)
    values[i] = (float)((tensor != NULL ? tensor_get(tensor, i) : otherwise) / scale);
  *vector = build_constant(b, EDGE_F32, 1, (uint32_t[]){(uint32_t)length}, values, 0.0f, 0);
  return true;
}

#define MAX_LENGTH (1 << 22)      /* of LAYERNORM */
#define MAX_WIDE_LENGTH (1 << 15) /* of int16 */

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
  bool wide = in->spec != NULL && in->spec->bits == 16;
  if (length > (wide ? MAX_WIDE_LENGTH : MAX_LENGTH) || !norm_vector(b, node, 1, length, scale, 1, &gamma) ||
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
  if (node_is(b->node, "LayerNormalization")) return lower_layer_norm(b);
  return lower_float(b);
}
