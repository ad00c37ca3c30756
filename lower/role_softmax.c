/* Role softmax: exponentials from a table, sums and quotients in integers. */
#include "lower/moves.h"
#include "lower/roles.h"
#include "lower/softmaxes.h"

#include <math.h>

#define MAX_UNIT 65536
#define MAX_TABLE_BITS                                                                                       \
  24 /* more than the result shows; below, products with its unit fit 32 bits more often */

/* Over which elements: from opset 13 on along one axis, before that over all axes from it on. */
AxisView softmax_view(const Node *node, const Operand *x) {
  int axis, rank = x->shape.rank;
  bool flat = node->version->since < 13;
  if (!axis_normalize(node_int(node, "axis", flat ? 1 : -1), rank, &axis)) axis = rank - 1;
  if (!flat) return axis_view(x, axis);
  return (AxisView){(int32_t)shape_product(&x->shape, 0, axis), (int32_t)shape_product(&x->shape, axis, rank),
                    1};
}

/* The layout in which it can run: the flat form needs the model's order. */
Operand softmax_operand(Builder *b, const Value *in, Form form) {
  Layout layout = b->node->version->since < 13 ? LAYOUT_PLAIN : build_layout(b, in);
  return (Operand){build_get(b, in, form, layout), in->shape, layout};
}

/* round(exp(-d * scale) * 2^bits), such that `length` times the first stays below 2^31. Of int16 in two
   parts: for d in steps of 256, and, times 2^30, for what is left of d. */
static int32_t exponentials(Builder *b, Codes x, int32_t length) {
  int32_t table[512];
  int bits = MAX_TABLE_BITS;
  while (bits > 0 && ((int64_t)1 << bits) * length > INT32_MAX) bits--;
  bool wide = x.type == EDGE_S16;
  double step = (double)x.scale * (wide ? 256 : 1);
  for (int d = 0; d < 256; d++) {
    table[d] = (int32_t)rint(exp(-d * step) * (double)(1 << bits));
    table[256 + d] = (int32_t)rint(exp(-d * (double)x.scale) * 0x1p30);
  }
  return build_constant(b, EDGE_S32, 1, (uint32_t[]){wide ? 512 : 256}, table, 0.0f, 0);
}

/* Codes in which SOFTMAX can write: 1/scale must be a whole number. */
static Codes writable(Codes codes, int32_t *unit) {
  double inverse = 1.0 / (double)codes.scale;
  if (inverse >= 1 && inverse <= MAX_UNIT && rint(inverse) == inverse) {
    *unit = (int32_t)inverse;
    return codes;
  }
  *unit = 256;
  codes.type = EDGE_S8;
  codes.scale = 1.0f / 256;
  codes.zero_point = INT8_MIN;
  return codes;
}

Status lower_softmax(Builder *b) {
  const Node *node = b->node;
  const Value *in = node->inputs[0], *out = node->outputs[0];
  if (!node_is(node, "Softmax") || out->spec->kind != QUANT_INTEGER) return lower_float(b);
  Operand x = softmax_operand(b, in, FORM_CODES);
  AxisView view = softmax_view(node, &x);
  EdgeSoftmaxParams params = {view.outer, view.length, view.inner, 0};
  Codes codes = writable(codes_of_spec(out->spec), &params.unit);
  int32_t table = exponentials(b, codes_of_tensor(b, x.tensor), view.length);
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&out->shape, x.layout, dims);
  int32_t y = build_tensor(b, codes.type, rank, dims, codes.scale, codes.zero_point);
  build_emit(b, EDGE_OP_SOFTMAX, INPUTS(x.tensor, table), y, &params, sizeof params);
  build_put(b, out, FORM_CODES, x.layout, requantized(b, y, codes_of_spec(out->spec)));
  return b->status;
}
